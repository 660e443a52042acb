-- Services that operators want started anew; whoever watches over the processes takes a request and does it. depends: 0008_flow

CREATE TABLE restart (
    no       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service  text        NOT NULL,
    who      text        NOT NULL,
    reason   text        NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    taken_at timestamptz
);
COMMENT ON COLUMN restart.taken_at IS 'when somebody began to carry it out; one that nobody takes in ten minutes is no longer wanted';
CREATE INDEX restart_waiting ON restart (no) WHERE taken_at IS NULL;
