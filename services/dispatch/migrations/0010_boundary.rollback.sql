ALTER TABLE cell DROP boundary, DROP datum;
