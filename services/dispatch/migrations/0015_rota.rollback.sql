DELETE FROM policy WHERE name = 'rota';
DROP INDEX case_on_rota, rota_by_assignee;
DROP TABLE rota_watch;
