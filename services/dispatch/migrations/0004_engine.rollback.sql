DELETE FROM policy WHERE name = 'routing';
DROP FUNCTION fading(double precision, timestamptz, timestamptz, double precision);
ALTER TABLE catalogue DROP about, DROP identity;
ALTER TABLE assignee_load DROP recent, DROP recent_at, DROP contacts, DROP in_time;
DROP TABLE opt_out;
ALTER TABLE assignee DROP available, DROP opted_out_until;
