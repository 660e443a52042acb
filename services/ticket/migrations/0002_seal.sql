-- The history is sealed in blocks that hang together by their hashes (docs/adr/0010). depends: 0001_ticket

-- A number is drawn only by a transaction that has its own already: whoever waits for all transactions
-- up to his own knows that no smaller number will appear any more.
LOCK TABLE history IN ACCESS EXCLUSIVE MODE;
ALTER TABLE history ALTER no DROP IDENTITY;
CREATE SEQUENCE history_no_seq OWNED BY history.no;
DO $$ BEGIN PERFORM setval('history_no_seq', coalesce(max(no), 0) + 1, false) FROM history; END $$;
ALTER TABLE history ALTER no SET DEFAULT
    CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('history_no_seq') END;
GRANT USAGE ON SEQUENCE history_no_seq TO ticket;

-- A block covers the rows of its shard numbered after < no <= upto.
CREATE TABLE seal (
    shard     integer     NOT NULL,
    number    bigint      NOT NULL,
    after     bigint      NOT NULL,
    upto      bigint      NOT NULL CHECK (upto > after),
    tickets   text[]      NOT NULL,
    rows      integer[]   NOT NULL,
    digests   bytea       NOT NULL,
    previous  bytea       NOT NULL,
    hash      bytea       NOT NULL,
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (shard, number),
    UNIQUE (upto, shard)
);
COMMENT ON TABLE seal IS 'append-only: what the history was when it was sealed';
COMMENT ON COLUMN seal.rows IS 'of each of `tickets`, how many rows the block covers';
COMMENT ON COLUMN seal.digests IS 'of each of `tickets`, the 32 bytes to which its rows come';
GRANT SELECT, INSERT ON seal TO ticket;
