DELETE FROM policy WHERE name = 'settlement_marks';
ALTER TABLE scorecard DROP marks;
DELETE FROM tally WHERE dimension = 'contract';
ALTER TABLE casefile DROP contract;
