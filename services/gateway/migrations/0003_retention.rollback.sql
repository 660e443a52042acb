DROP INDEX service_request_received, refusal_received, intake_received;
DROP FUNCTION keep_access();
ALTER TABLE access RENAME TO access_after;
ALTER TABLE access_after RENAME CONSTRAINT access_pkey TO access_after_pkey;
ALTER SEQUENCE access_no_seq RENAME TO access_after_no_seq;
CREATE TABLE access (
    no      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    client  text,
    address text,
    method  text        NOT NULL,
    path    text        NOT NULL,
    status  integer     NOT NULL,
    problem text,
    events  integer     NOT NULL DEFAULT 0,
    trace   text        NOT NULL
);
COMMENT ON TABLE access IS 'append-only: who asked for what, and what the answer was';
INSERT INTO access OVERRIDING SYSTEM VALUE SELECT * FROM access_after;
DO $$ BEGIN PERFORM setval('access_no_seq', (SELECT coalesce(max(no), 0) + 1 FROM access_after), false); END $$;
DROP TABLE access_after;
DELETE FROM policy WHERE name = 'retention';
