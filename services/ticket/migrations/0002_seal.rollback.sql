DROP TABLE seal;
ALTER TABLE history ALTER no DROP DEFAULT;
DROP SEQUENCE history_no_seq;
LOCK TABLE history IN ACCESS EXCLUSIVE MODE;
ALTER TABLE history ALTER no ADD GENERATED ALWAYS AS IDENTITY;
DO $$ BEGIN PERFORM setval(pg_get_serial_sequence('history', 'no'), coalesce(max(no), 0) + 1, false) FROM history; END $$;
