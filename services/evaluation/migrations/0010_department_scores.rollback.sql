DROP TABLE department_score;
UPDATE casefile SET aside = nullif(aside - 'departments' - 'scored', '{}') WHERE aside ?| ARRAY['departments', 'scored'];
