-- Of the many that share a piece of their words only the newest are looked at, and no more than these are read: an
-- index of arrays finds them all, and what a thousand people write about the same thing then costs a thousand looks
-- each. depends: 0015_same_words

CREATE TABLE likeness_low (
    hash        bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    ticket      text        NOT NULL,
    PRIMARY KEY (hash, recorded_at, ticket)
);
COMMENT ON TABLE likeness_low IS 'the six lowest hashes of each row of `likeness`, by which similar ones find each other';
INSERT INTO likeness_low (hash, recorded_at, ticket)
SELECT DISTINCT unnest(lowest), recorded_at, ticket FROM likeness WHERE lowest IS NOT NULL;
DROP INDEX likeness_lowest;
GRANT SELECT, INSERT, DELETE ON likeness_low TO ticket;
