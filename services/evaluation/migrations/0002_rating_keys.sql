-- Rating keys: only who was sent one can rate (docs/adr/0022). depends: 0001_evaluation

CREATE TABLE rating_key (
    no      bigint      GENERATED ALWAYS AS IDENTITY,
    ticket  text        NOT NULL,
    round   integer     NOT NULL,
    token   bytea       NOT NULL,
    code    bytea       NOT NULL,
    who     text        NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (ticket, no)
);
COMMENT ON TABLE rating_key IS 'append-only: fingerprints of the keys that were made, and for whom to send them';

ALTER TABLE casefile ADD aside jsonb;
COMMENT ON COLUMN casefile.aside IS 'what only few cases have';

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('rating_code', 1, '-infinity', '{"attempts": 5, "lock_seconds": 3600, "locks": 3}'),
    ('rating_publishers', 1, '-infinity', '{"trusted": ["intake", "world"]}');
