DROP TABLE casefile;
