DROP FUNCTION keep_partitions();
GRANT EXECUTE ON FUNCTION ensure_partitions(interval) TO PUBLIC;
