DELETE FROM policy WHERE name = 'rating_callback';
