DROP FUNCTION take_back(text[], text[]);
DELETE FROM position WHERE sequence = 0;
ALTER TABLE position DROP CONSTRAINT position_sequence_check;
ALTER TABLE position ADD CONSTRAINT position_sequence_check CHECK (sequence > 0);
DROP INDEX parked_cause, parked_ident;
ALTER TABLE parked DROP COLUMN cause;
