-- Who sends wrong codes, over all tickets (docs/adr/0024). depends: 0003_tally

CREATE TABLE guesser (
    publisher  text        PRIMARY KEY,
    used_until timestamptz NOT NULL
);
COMMENT ON TABLE guesser IS 'when a user of the broker will have had its share of wrong codes, over all tickets together';

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('rating_guesses', 1, '-infinity', '{"burst": 200, "seconds": 60}');
