-- Since when each cause of waiting has been seen, so that a restart of the console forgets nothing.

CREATE TABLE sighting (
    key        text        PRIMARY KEY,
    first_seen timestamptz NOT NULL,
    last_seen  timestamptz NOT NULL
);
