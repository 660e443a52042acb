DROP TABLE replay;
DROP TABLE topology;
