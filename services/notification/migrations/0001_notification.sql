-- Who was told what: requesters by reference, messages on their way, and the operators' console. depends: 0001_ledger

CREATE TABLE correspondence (
    id            text    PRIMARY KEY,
    sequence      integer NOT NULL,
    received      boolean NOT NULL,
    requester_ref text,
    language      text    NOT NULL,
    category      text,
    grid          text,
    no_address    text[]  NOT NULL
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN correspondence.no_address IS 'channels on which the requester cannot be reached';

-- One row per message and audience; an address is never kept here, it is fetched on purpose when it is needed.
CREATE TABLE delivery (
    key         text        PRIMARY KEY,
    ticket      text        NOT NULL,
    audience    text        NOT NULL,
    destination text        NOT NULL,
    template    text        NOT NULL,
    fields      json        NOT NULL,
    channels    text[]      NOT NULL,
    channel     text        NOT NULL,
    due_at      timestamptz NOT NULL,
    state       text        NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempt     integer     NOT NULL,
    error       text
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX delivery_due ON delivery (channel, due_at) WHERE state = 'queued';
CREATE INDEX delivery_under_way ON delivery (ticket) WHERE state = 'queued';

CREATE TABLE console_message (
    no          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shown_at    timestamptz NOT NULL DEFAULT now(),
    key         text        NOT NULL,
    ticket      text        NOT NULL,
    audience    text        NOT NULL,
    destination text        NOT NULL,
    subject     text        NOT NULL,
    body        text        NOT NULL
);
COMMENT ON TABLE console_message IS 'append-only: what the console has shown to whom';

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('retry_seconds', 1, '-infinity', '{"seconds": [5, 60, 600]}');
