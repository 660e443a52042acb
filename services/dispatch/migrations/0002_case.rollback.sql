DELETE FROM policy WHERE name IN ('offer_seconds', 'contact_seconds');
DROP TABLE outcome, "case";
