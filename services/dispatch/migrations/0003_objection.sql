-- Whose it is may be disputed: returns, objections, rulings and their precedents. depends: 0002_case

ALTER TABLE "case" ADD returns integer NOT NULL DEFAULT 0, ADD return_until timestamptz, ADD bound jsonb;
COMMENT ON COLUMN "case".return_until IS 'how long what was accepted may still be returned';
COMMENT ON COLUMN "case".bound IS 'whom a ruling names, why and since when';
UPDATE "case" SET return_until = contact_due_at WHERE state = 'accepted';

CREATE TABLE ground (
    ticket        text        NOT NULL,
    assignment    text        NOT NULL,
    assignee      text        NOT NULL,
    at            timestamptz NOT NULL,
    code          text        NOT NULL,
    basis_code    text,
    basis         text        NOT NULL,
    proposed_unit text
);
CREATE INDEX ground_ticket ON ground (ticket);
COMMENT ON TABLE ground IS 'append-only: why assignments were given back, in the words of those who did';

CREATE TABLE ruling (
    no          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket      text        NOT NULL,
    at          timestamptz NOT NULL,
    category    text        NOT NULL,
    grid        text        NOT NULL,
    assignee    text        NOT NULL,
    unit        text,
    reason_code text        NOT NULL,
    basis       text        NOT NULL,
    by          text        NOT NULL
);
CREATE INDEX ruling_precedent ON ruling (category, grid, at DESC);
COMMENT ON TABLE ruling IS 'append-only: what adjudicators ruled for which work where';

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('return_seconds', 1, '-infinity', '{"emergency": 300, "urgent": 1800, "general": 86400}'),
    ('objection', 1, '-infinity', '{"returns": 2}');
