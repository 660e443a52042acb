-- Names and boundaries by which a place becomes a cell: a copy of the directory's grid tree (docs/adr/0032). depends: 0005_vault

CREATE TABLE cell (
    code     text   PRIMARY KEY,
    path     text[] NOT NULL,
    level    text   NOT NULL,
    names    text[] NOT NULL,
    boundary text,
    datum    text   NOT NULL
);
COMMENT ON TABLE cell IS 'replaced as a whole by each import of the directory that changes it';

-- Processes keep the gazetteer in memory and read it anew when this says another edition.
CREATE TABLE gazetteer (
    single  boolean     PRIMARY KEY DEFAULT true CHECK (single),
    edition text        NOT NULL,
    since   timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON cell, gazetteer TO ticket;
