DROP TABLE alive;
