-- What of a service stands still because an operator wants it so; ended pauses stay on record. depends: 0005_keep_partitions

CREATE TABLE pause (
    no       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    part     text        NOT NULL CHECK (part IN ('consumer', 'all', 'channel')),
    shard    integer     CHECK (shard IS NULL OR part = 'consumer'),
    channel  text        CHECK ((channel IS NULL) = (part <> 'channel')),
    since    timestamptz NOT NULL DEFAULT now(),
    until    timestamptz,
    who      text        NOT NULL,
    reason   text        NOT NULL,
    ended_at timestamptz,
    ended_by text,
    ended_why text
);
COMMENT ON COLUMN pause.part IS 'consumer: takes nothing in; all: nor do timers work, a drain; channel: sends nothing through it';
CREATE UNIQUE INDEX pause_open ON pause (part, coalesce(shard, -1), coalesce(channel, '')) WHERE ended_at IS NULL;
