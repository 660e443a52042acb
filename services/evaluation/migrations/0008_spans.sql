-- Median times (docs/adr/0035): when somebody called and reported, and how many cases took how long. depends: 0007_contracts

ALTER TABLE casefile ADD contacted_at timestamptz, ADD handled_at timestamptz;
COMMENT ON COLUMN casefile.handled_at IS 'when the work was reported last';

ALTER TABLE tally
    ADD contact_0 integer NOT NULL DEFAULT 0, ADD contact_1 integer NOT NULL DEFAULT 0,
    ADD contact_2 integer NOT NULL DEFAULT 0, ADD contact_3 integer NOT NULL DEFAULT 0,
    ADD contact_4 integer NOT NULL DEFAULT 0, ADD contact_5 integer NOT NULL DEFAULT 0,
    ADD contact_6 integer NOT NULL DEFAULT 0, ADD contact_7 integer NOT NULL DEFAULT 0,
    ADD contact_8 integer NOT NULL DEFAULT 0, ADD contact_9 integer NOT NULL DEFAULT 0,
    ADD contact_10 integer NOT NULL DEFAULT 0, ADD contact_11 integer NOT NULL DEFAULT 0,
    ADD contact_12 integer NOT NULL DEFAULT 0, ADD contact_13 integer NOT NULL DEFAULT 0,
    ADD contact_14 integer NOT NULL DEFAULT 0, ADD contact_15 integer NOT NULL DEFAULT 0,
    ADD contact_16 integer NOT NULL DEFAULT 0, ADD contact_17 integer NOT NULL DEFAULT 0,
    ADD contact_18 integer NOT NULL DEFAULT 0, ADD contact_19 integer NOT NULL DEFAULT 0,
    ADD contact_20 integer NOT NULL DEFAULT 0, ADD contact_21 integer NOT NULL DEFAULT 0,
    ADD handling_0 integer NOT NULL DEFAULT 0, ADD handling_1 integer NOT NULL DEFAULT 0,
    ADD handling_2 integer NOT NULL DEFAULT 0, ADD handling_3 integer NOT NULL DEFAULT 0,
    ADD handling_4 integer NOT NULL DEFAULT 0, ADD handling_5 integer NOT NULL DEFAULT 0,
    ADD handling_6 integer NOT NULL DEFAULT 0, ADD handling_7 integer NOT NULL DEFAULT 0,
    ADD handling_8 integer NOT NULL DEFAULT 0, ADD handling_9 integer NOT NULL DEFAULT 0,
    ADD handling_10 integer NOT NULL DEFAULT 0, ADD handling_11 integer NOT NULL DEFAULT 0,
    ADD handling_12 integer NOT NULL DEFAULT 0, ADD handling_13 integer NOT NULL DEFAULT 0,
    ADD handling_14 integer NOT NULL DEFAULT 0, ADD handling_15 integer NOT NULL DEFAULT 0,
    ADD handling_16 integer NOT NULL DEFAULT 0, ADD handling_17 integer NOT NULL DEFAULT 0,
    ADD handling_18 integer NOT NULL DEFAULT 0, ADD handling_19 integer NOT NULL DEFAULT 0,
    ADD handling_20 integer NOT NULL DEFAULT 0, ADD handling_21 integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN tally.contact_0 IS 'cases contacted within 8 minutes; each further bucket is √2 times as wide, services/evaluation/spans.py';
COMMENT ON COLUMN tally.handling_0 IS 'cases whose work was reported within an hour; each further bucket is √2 times as wide';
