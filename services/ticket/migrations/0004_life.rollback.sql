DELETE FROM policy WHERE name IN ('information', 'verification', 'verifier', 'escalation', 'suspension',
                                  'extension', 'reopening', 'reminder', 'supervision');
DROP TABLE remark;
ALTER TABLE ticket DROP since, DROP span, DROP closed_at, DROP desk;
