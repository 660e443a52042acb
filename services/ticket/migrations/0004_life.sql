-- Pauses, extensions, escalation and what else a ticket may need on its way. depends: 0003_deadlines

ALTER TABLE ticket ADD since timestamptz, ADD span text, ADD closed_at timestamptz, ADD desk jsonb;
COMMENT ON COLUMN ticket.since IS 'from when the deadline due_at is counted';
COMMENT ON COLUMN ticket.span IS 'what it grants: 2h, 15d, 3wd';
COMMENT ON COLUMN ticket.desk IS 'what only tickets have that need more than the straight way';
UPDATE ticket SET closed_at = history.time FROM history
WHERE ticket.state = 'closed' AND history.ticket = ticket.id AND history.type = 'cn.fengge.ticket.TicketClosed.v1';

-- Words that were added later: answers to questions and comments; never published, and sealed from the start.
CREATE TABLE remark (
    ref      text        PRIMARY KEY,
    ticket   text        NOT NULL,
    at       timestamptz NOT NULL,
    role     text        NOT NULL,
    by       text        NOT NULL,
    internal boolean     NOT NULL,
    key      text        NOT NULL,
    sealed   bytea       NOT NULL
);
COMMENT ON COLUMN remark.key IS 'the name of the key that sealed the words (docs/adr/0014)';
CREATE INDEX remark_ticket ON remark (ticket);
GRANT SELECT, INSERT, UPDATE ON remark TO ticket;

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('information', 1, '-infinity', '{"emergency": "3wd", "urgent": "3wd", "general": "3wd"}'),
    ('verification', 1, '-infinity', '{"emergency": "4h", "urgent": "1wd", "general": "1wd"}'),
    ('verifier', 1, '-infinity', '{"emergency": "rule", "urgent": "rule", "general": "rule"}'),
    ('escalation', 1, '-infinity', '{"emergency": "30min", "urgent": "4h", "general": "1wd"}'),
    ('suspension', 1, '-infinity', '{"at_most": "180d"}'),
    ('extension', 1, '-infinity', '{"times": 3, "each": "3wd"}'),
    ('reopening', 1, '-infinity', '{"within": "15d"}'),
    ('reminder', 1, '-infinity', '{"every": "10min"}'),
    ('supervision', 1, '-infinity', '{"returns": 3, "reworks": 3}');
