DELETE FROM policy WHERE name = 'rating_guesses';
DROP TABLE guesser;
