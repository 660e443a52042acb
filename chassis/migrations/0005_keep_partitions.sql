-- A service has partitions made, and those dropped that are older than 120 days; to say how old is the owner's. depends: 0004_parked_once

CREATE FUNCTION keep_partitions() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'SELECT ensure_partitions()';
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION keep_partitions() SET search_path = %I, pg_temp', current_schema());
END $$;
REVOKE EXECUTE ON FUNCTION ensure_partitions(interval) FROM PUBLIC;
