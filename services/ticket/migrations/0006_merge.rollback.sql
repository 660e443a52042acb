DELETE FROM policy WHERE name = 'duplicates';
DROP TABLE letter, likeness;
