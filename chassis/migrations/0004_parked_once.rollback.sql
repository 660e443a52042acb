DROP INDEX parked_once;
