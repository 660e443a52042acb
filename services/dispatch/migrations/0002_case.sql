-- The dispatch of each ticket, and what the assignees reported. depends: 0001_ledger 0001_directory

CREATE TABLE "case" (
    id             text        PRIMARY KEY,
    sequence       integer     NOT NULL,
    state          text        NOT NULL,
    category       text        NOT NULL,
    grid           text        NOT NULL,
    severity       text        NOT NULL,
    hop            integer     NOT NULL,
    assignment     text,
    assignee       text,
    kind           text,
    unit           text,
    contract       text,
    expires_at     timestamptz,
    contact_due_at timestamptz,
    tried          text[]      NOT NULL
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX case_expiring ON "case" (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE outcome (
    ticket     text        NOT NULL,
    assignment text        NOT NULL,
    at         timestamptz NOT NULL,
    text       text        NOT NULL,
    evidence   text[]      NOT NULL
);
CREATE INDEX outcome_ticket ON outcome (ticket);
COMMENT ON TABLE outcome IS 'append-only: what assignees reported, in their own words';

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('offer_seconds', 1, '-infinity', '{"emergency": 300, "urgent": 1800, "general": 86400}'),
    ('contact_seconds', 1, '-infinity', '{"emergency": 7200, "urgent": 86400, "general": 86400}');
