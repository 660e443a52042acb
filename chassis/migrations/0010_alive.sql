-- When the processes of a service last said that they live. depends: 0009_pause

CREATE TABLE alive (
    instance integer     PRIMARY KEY,
    seen_at  timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON COLUMN alive.seen_at IS 'by the clock of the database, every two seconds while the process can do anything at all';
