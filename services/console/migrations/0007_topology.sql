-- What has to be at the broker, as it was last declared: by it the console checks, repairs, and knows who hears
-- whom; and periods that are sent again to one subscriber. depends: 0006_sighting

CREATE TABLE topology (
    name        text        PRIMARY KEY,
    shards      integer     NOT NULL,
    declared    jsonb       NOT NULL,
    declared_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN topology.shards IS '0: what all services share';

CREATE TABLE replay (
    no         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber text        NOT NULL,
    shards     integer[],
    publishers text[]      NOT NULL,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    missing    boolean     NOT NULL,
    rate       integer     NOT NULL CHECK (rate > 0),
    state      text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'stopped')),
    at         jsonb       NOT NULL DEFAULT '{}',
    sent       bigint      NOT NULL DEFAULT 0,
    who        text        NOT NULL,
    reason     text        NOT NULL,
    begun_at   timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz
);
COMMENT ON COLUMN replay.at IS 'the last message sent, by publisher';
CREATE INDEX replay_running ON replay (no) WHERE state = 'running';
