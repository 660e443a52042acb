DROP TABLE catalogue_change;
ALTER TABLE import_log DROP reason;
