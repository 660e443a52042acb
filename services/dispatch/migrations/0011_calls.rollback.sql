DROP TABLE whistle;
ALTER TABLE "case" DROP calls, DROP arrive_by;
