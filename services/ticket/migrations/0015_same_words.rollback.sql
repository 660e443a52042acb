CREATE INDEX likeness_mark ON likeness (mark);
DROP INDEX likeness_said;
