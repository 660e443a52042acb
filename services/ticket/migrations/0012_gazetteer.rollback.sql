DROP TABLE cell, gazetteer;
