DELETE FROM policy WHERE name IN ('ranking', 'scorecard');
DROP TABLE correction, scorecard, tally;
ALTER TABLE casefile DROP contact_missed;
