DELETE FROM policy WHERE name IN ('rating_code', 'rating_publishers');
ALTER TABLE casefile DROP aside;
DROP TABLE rating_key;
