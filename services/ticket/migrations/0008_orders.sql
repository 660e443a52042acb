-- Standing orders and their visits (docs/adr/0017). depends: 0005_vault

-- What is asked for and who is visited lies in `request` and `contact` under the order's number, sealed.
CREATE TABLE standing_order (
    id            text        PRIMARY KEY,
    sequence      integer     NOT NULL,
    state         text        NOT NULL,
    source        text        NOT NULL,
    external_id   text        NOT NULL,
    plan          jsonb       NOT NULL,
    requester_ref text,
    seen          timestamptz,
    due_at        timestamptz
);
CREATE INDEX standing_order_due ON standing_order (due_at) WHERE due_at IS NOT NULL;
COMMENT ON COLUMN standing_order.seen IS 'visits up to then have become tickets, or never will';
COMMENT ON COLUMN standing_order.due_at IS 'when the next visit becomes a ticket; NULL: paused or ended';

CREATE TABLE visit (
    standing_order text        NOT NULL,
    visit_at       timestamptz NOT NULL,
    kind           text        NOT NULL,
    ticket         text        NOT NULL UNIQUE,
    confirm_by     timestamptz,
    due_at         timestamptz,
    PRIMARY KEY (standing_order, visit_at, kind)
);
CREATE INDEX visit_due ON visit (due_at) WHERE due_at IS NOT NULL;
COMMENT ON COLUMN visit.kind IS 'visit, or the welfare_check that follows one which nobody has confirmed';
COMMENT ON COLUMN visit.confirm_by IS 'until when somebody must have been in touch; NULL: nobody asks';
COMMENT ON COLUMN visit.due_at IS 'when it becomes a ticket, then when it must be confirmed; NULL: nothing is left';
GRANT SELECT, INSERT, UPDATE ON standing_order, visit TO ticket;

-- `late`: how old a visit may be that becomes a ticket after a standstill; `confirm_within`: minutes, where the
-- plan of a person living alone does not say it.
INSERT INTO policy (name, version, valid_from, value) VALUES
    ('visits', 1, '-infinity', '{"late": "24h", "confirm_within": 60,
        "welfare_check": {"category": "welfare_check", "severity": "urgent"}}');
-- A visit is of its day; for everybody else the policy stays what it was.
UPDATE policy SET value = jsonb_set(value, '{by_source}',
    coalesce(value->'by_source', '{}') || '{"urn:fengge:standing-orders": {"general": "24h", "urgent": "4h"}}')
WHERE name = 'handling';
