ALTER FUNCTION ensure_partitions(interval) RESET search_path;
