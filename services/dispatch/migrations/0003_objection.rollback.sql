DELETE FROM policy WHERE name IN ('return_seconds', 'objection');
DROP TABLE ruling, ground;
ALTER TABLE "case" DROP returns, DROP return_until, DROP bound;
