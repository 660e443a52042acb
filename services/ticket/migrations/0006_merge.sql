-- Tickets about the same are found, joined and parted (docs/adr/0015). depends: 0005_vault

-- By what requests are compared: keyed hashes that tell no word, kept for the window of the policy `duplicates`.
CREATE TABLE likeness (
    ticket      text        PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    mark        bytea       NOT NULL,
    who         bytea,
    key         text,
    pieces      bigint[],
    lowest      bigint[]
);
COMMENT ON COLUMN likeness.mark IS 'keyed hash of the whole text, as it is compared';
COMMENT ON COLUMN likeness.who IS 'keyed hash of the telephone number or the e-mail of who asked';
COMMENT ON COLUMN likeness.key IS 'the name of the key of `pieces`; NULL: not compared yet';
COMMENT ON COLUMN likeness.pieces IS 'the 64 lowest keyed hashes of its pieces of five letters; `lowest` are six of them';
CREATE INDEX likeness_mark ON likeness (mark);
CREATE INDEX likeness_recorded ON likeness (recorded_at);
CREATE INDEX likeness_waiting ON likeness (recorded_at) WHERE key IS NULL;
CREATE INDEX likeness_lowest ON likeness USING gin (lowest) WHERE lowest IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON likeness TO ticket;

-- What one ticket tells another; it reads it in a transaction of its own, so that none ever holds two tickets.
CREATE TABLE letter (
    no      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket  text   NOT NULL,
    sender  text   NOT NULL,
    body    json   NOT NULL
);
CREATE INDEX letter_ticket ON letter (ticket);
GRANT SELECT, INSERT, DELETE ON letter TO ticket;

-- `exact`: merge or suggest; `near`: of a hundred pieces so many must be shared to be suspected; `least`: shorter
-- texts say too little to be compared; `channels`: machines repeat themselves because something happens again.
INSERT INTO policy (name, version, valid_from, value) VALUES
    ('duplicates', 1, '-infinity', '{"exact": "merge", "near": 60, "days": 30, "least": 20,
        "channels": ["hotline_12345", "resident", "grid_officer"]}');
