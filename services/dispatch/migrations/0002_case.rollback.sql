DROP TABLE outcome, "case";
