DROP TABLE mending_part, mending;
