-- The life of requests, what was said, who asked, and the history.

CREATE TABLE ticket (
    id             text        PRIMARY KEY,
    sequence       integer     NOT NULL,
    state          text        NOT NULL,
    source         text        NOT NULL,
    external_id    text        NOT NULL,
    channel        text        NOT NULL,
    severity       text        NOT NULL,
    category       text,
    grid           text,
    requester_ref  text,
    lives_alone    boolean     NOT NULL DEFAULT false,
    received_at    timestamptz NOT NULL,
    due_at         timestamptz,
    assignment     text,
    assignee       text,
    assignee_kind  text,
    reworks        integer     NOT NULL DEFAULT 0,
    resolved       text,
    satisfaction   text
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- What the requester said; read on purpose only, never published.
CREATE TABLE request (
    ticket      text PRIMARY KEY,
    title       text NOT NULL,
    body        text NOT NULL,
    address     text,
    occurred_at timestamptz
);

-- Who asked and how to reach them; each reveal is logged below.
CREATE TABLE contact (
    ref      text PRIMARY KEY,
    name     text,
    phone    text,
    email    text,
    language text NOT NULL DEFAULT 'zh'
);

CREATE TABLE reveal (
    at      timestamptz NOT NULL DEFAULT now(),
    refs    text[]      NOT NULL,
    purpose text        NOT NULL,
    who     text        NOT NULL
);
COMMENT ON TABLE reveal IS 'append-only: who looked at whose contact, and why';

-- Every fact about every ticket, of all services, in the order in which it became known here.
CREATE TABLE history (
    no          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket      text        NOT NULL,
    source      text        NOT NULL,
    sequence    integer     NOT NULL,
    type        text        NOT NULL,
    time        timestamptz NOT NULL,
    causationid text        NOT NULL,
    data        json        NOT NULL
);
CREATE INDEX history_ticket ON history (ticket);
COMMENT ON TABLE history IS 'append-only: the audit trail';

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('triage_seconds', 1, '-infinity', '{"emergency": 300, "urgent": 300, "general": 7200}'),
    ('handling_seconds', 1, '-infinity', '{"emergency": 86400, "urgent": 259200, "general": 1296000}'),
    ('rework_seconds', 1, '-infinity', '{"emergency": 86400, "urgent": 259200, "general": 259200}'),
    ('emergency_lines', 1, '-infinity', '{"110": "110", "119": "119", "120": "120", "122": "122"}'),
    ('reworks_at_most', 1, '-infinity', '{"reworks": 2}');
