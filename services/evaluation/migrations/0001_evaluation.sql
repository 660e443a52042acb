-- One case per ticket: what was asked and answered, and what the rates count. depends: 0001_ledger

CREATE TABLE casefile (
    id                text        PRIMARY KEY,
    sequence          integer     NOT NULL,
    state             text        NOT NULL CHECK (state IN ('none', 'asked', 'rated', 'unrated', 'closed')),
    ended             text        CHECK (ended IN ('closed', 'cancelled', 'declined', 'transferred')),
    received_at       timestamptz,
    source            text,
    channel           text,
    category          text,
    grid              text,
    severity          text,
    assignee          text,
    assignee_kind     text,
    unit              text,
    contact_due_at    timestamptz,
    contacted_in_time boolean,
    hops              integer     NOT NULL,
    returns           integer     NOT NULL,
    expiries          integer     NOT NULL,
    on_time           boolean,
    reworks           integer     NOT NULL,
    round             integer     NOT NULL,
    window_ends_at    timestamptz,
    resolved          text,
    satisfaction      text
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN casefile.satisfaction IS 'what the requester said in the last round; null is unrated, there is no default';
CREATE INDEX casefile_window ON casefile (window_ends_at) WHERE state = 'asked';

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('rating_window_seconds', 1, '-infinity', '{"seconds": 604800}'),
    ('composite_weights', 1, '-infinity', '{"response": 30, "resolution": 35, "satisfaction": 35}');
