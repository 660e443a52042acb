DROP FUNCTION ensure_partitions(interval);
DROP TABLE policy, outbox, parked, waiting, position, inbox;
