-- An adjudicator's time, and how long a requester may object to a decline. depends: 0005_vault

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('objection', 1, '-infinity', '{"emergency": "4h", "urgent": "4h", "general": "1wd"}'),
    ('decline_objection', 1, '-infinity', '{"within": "15d"}');
