DROP TABLE restart;
