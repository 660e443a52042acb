-- Reports by contract, with a mark for the settlement (docs/adr/0035). depends: 0006_callbacks

ALTER TABLE casefile ADD contract text;
COMMENT ON COLUMN casefile.contract IS 'under which the work was done that counts now; null: under none, or done before this was noted';

INSERT INTO tally (dimension, month, key, kind, slot, cases, contacts_due, contacts_in_time, closed, rated, resolved_yes,
    resolved_partly, resolved_no, satisfied, handled, handled_on_time, reworked, offered, returned, disputed, overturned,
    excluded)
SELECT 'contract', month, '', '', 0, sum(cases), sum(contacts_due), sum(contacts_in_time), sum(closed), sum(rated),
    sum(resolved_yes), sum(resolved_partly), sum(resolved_no), sum(satisfied), sum(handled), sum(handled_on_time),
    sum(reworked), sum(offered), sum(returned), sum(disputed), sum(overturned), sum(excluded)
FROM tally WHERE dimension = 'severity' GROUP BY month;

ALTER TABLE scorecard ADD marks jsonb;
COMMENT ON COLUMN scorecard.marks IS 'by contract: the policy settlement_marks as it was when the month was issued, with its version';

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('settlement_marks', 1, '-infinity', '{"least_rated": 30, "full": 0.8, "reduced": 0.6}');
