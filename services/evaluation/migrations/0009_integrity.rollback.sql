DELETE FROM policy WHERE name = 'integrity_flags';
ALTER TABLE tally DROP bursts, DROP instant;
DROP INDEX casefile_rated;
ALTER TABLE casefile DROP rated_at, DROP asked_at;
