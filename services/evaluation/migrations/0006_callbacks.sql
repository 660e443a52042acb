-- Calls to who has not rated (docs/adr/0025). depends: 0005_exclusions

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('rating_callback', 1, '-infinity', '{"attempts": 3, "days": 3, "before_seconds": 345600}');
