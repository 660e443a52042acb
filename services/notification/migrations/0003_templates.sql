-- The words a place has chosen for its messages; those of the house are in the code. depends: 0001_notification

CREATE TABLE template (
    name        text        NOT NULL,
    version     integer     NOT NULL CHECK (version > 1000),
    subject     text        NOT NULL,
    body        text        NOT NULL,
    who         text        NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
);
COMMENT ON TABLE template IS 'append-only: messages under way name the version they were written for';
COMMENT ON COLUMN template.version IS 'from 1001 on; below are the versions that come with a release';
