DELETE FROM policy WHERE name = 'sensors';
DROP TABLE sensor;
