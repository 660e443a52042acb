DELETE FROM policy WHERE name IN ('objection', 'decline_objection');
