-- What somebody wants done about many parked records, and how far it has come (docs/adr/0058).

CREATE TABLE mending (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text        NOT NULL CHECK (kind IN ('retry', 'archive', 'restore', 'recall')),
    rate     real        NOT NULL CHECK (rate > 0),
    who      text        NOT NULL,
    reason   text        NOT NULL,
    undoes   bigint      REFERENCES mending,
    state    text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'stopped', 'done')),
    trouble  text,
    made_at  timestamptz NOT NULL DEFAULT now(),
    next_at  timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX mending_running ON mending (next_at) WHERE state = 'running';
COMMENT ON COLUMN mending.next_at IS 'when the next step may be made at this rate; whoever makes it holds the row';

-- Its share in one service: the records that were there when it was made, and the last one that was seen to.
CREATE TABLE mending_part (
    mending bigint  NOT NULL REFERENCES mending,
    service text    NOT NULL,
    wanted  jsonb   NOT NULL,
    upto    bigint  NOT NULL,
    at      bigint  NOT NULL,
    total   integer NOT NULL,
    done    integer NOT NULL DEFAULT 0,
    left_as_is integer NOT NULL DEFAULT 0,
    ended   boolean NOT NULL DEFAULT false,
    trusted_no   bigint  NOT NULL DEFAULT 0,
    trusted_done integer NOT NULL DEFAULT 0,
    PRIMARY KEY (mending, service)
);
COMMENT ON COLUMN mending_part.trusted_no IS
    'what came back up to this record, and what was done by then, was known when somebody let the job go on';
