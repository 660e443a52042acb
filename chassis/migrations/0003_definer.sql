-- What runs with the owner's rights looks nothing up where its caller may have put something else. depends: 0002_suspect

DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION ensure_partitions(interval) SET search_path = %I, pg_temp', current_schema());
END $$;
