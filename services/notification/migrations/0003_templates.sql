-- The words a place has chosen for its messages; version 1 of each is in the code. depends: 0001_notification

CREATE TABLE template (
    name        text        NOT NULL,
    version     integer     NOT NULL CHECK (version > 1),
    subject     text        NOT NULL,
    body        text        NOT NULL,
    who         text        NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
);
COMMENT ON TABLE template IS 'append-only: messages under way name the version they were written for';
