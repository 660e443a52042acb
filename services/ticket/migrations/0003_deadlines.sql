-- Deadlines ring, and are counted in working days. depends: 0002_seal

ALTER TABLE ticket ADD clock text, ADD alarm_at timestamptz;
CREATE INDEX ticket_alarm ON ticket (alarm_at) WHERE alarm_at IS NOT NULL;
COMMENT ON COLUMN ticket.clock IS 'which deadline due_at is: triage, handling, rework';
COMMENT ON COLUMN ticket.alarm_at IS 'when somebody is told next: of a deadline that comes near, then that it is over';

-- Spans are seconds (s), minutes (min), hours (h), days (d) and working days (wd), by severity; `by_source` and
-- `by_category` go before, e.g. {"general": "15d", "by_category": {"gas": {"general": "2h"}}}.
INSERT INTO policy (name, version, valid_from, value) VALUES
    ('triage', 1, '-infinity', '{"emergency": "5min", "urgent": "5min", "general": "2h"}'),
    ('handling', 1, '-infinity', '{"emergency": "24h", "urgent": "3wd", "general": "15d"}'),
    ('rework', 1, '-infinity', '{"emergency": "24h", "urgent": "3wd", "general": "3wd"}');
DELETE FROM policy WHERE name IN ('triage_seconds', 'handling_seconds', 'rework_seconds');

-- The notices of the State Council: which years are decided, and which of their days differ from the week.
CREATE TABLE calendar_year (
    year   integer PRIMARY KEY,
    notice text    NOT NULL
);
CREATE TABLE calendar_day (
    day   date    PRIMARY KEY,
    works boolean NOT NULL,
    name  text    NOT NULL,
    by    text    NOT NULL DEFAULT 'notice'
);
COMMENT ON COLUMN calendar_day.works IS 'true: a weekend that is worked (调休); false: a weekday that is free';
GRANT SELECT, INSERT, UPDATE ON calendar_year, calendar_day TO ticket;
GRANT DELETE ON calendar_day TO ticket;

INSERT INTO calendar_year (year, notice) VALUES
    (2024, '国办发明电〔2023〕7号'), (2025, '国办发明电〔2024〕12号'), (2026, '国办发明电〔2025〕7号');
INSERT INTO calendar_day (day, works, name) VALUES
    ('2024-01-01', false, '元旦'), ('2024-02-04', true, '春节'), ('2024-02-12', false, '春节'),
    ('2024-02-13', false, '春节'), ('2024-02-14', false, '春节'), ('2024-02-15', false, '春节'),
    ('2024-02-16', false, '春节'), ('2024-02-18', true, '春节'), ('2024-04-04', false, '清明节'),
    ('2024-04-05', false, '清明节'), ('2024-04-07', true, '清明节'), ('2024-04-28', true, '劳动节'),
    ('2024-05-01', false, '劳动节'), ('2024-05-02', false, '劳动节'), ('2024-05-03', false, '劳动节'),
    ('2024-05-11', true, '劳动节'), ('2024-06-10', false, '端午节'), ('2024-09-14', true, '中秋节'),
    ('2024-09-16', false, '中秋节'), ('2024-09-17', false, '中秋节'), ('2024-09-29', true, '国庆节'),
    ('2024-10-01', false, '国庆节'), ('2024-10-02', false, '国庆节'), ('2024-10-03', false, '国庆节'),
    ('2024-10-04', false, '国庆节'), ('2024-10-07', false, '国庆节'), ('2024-10-12', true, '国庆节'),
    ('2025-01-01', false, '元旦'), ('2025-01-26', true, '春节'), ('2025-01-28', false, '春节'),
    ('2025-01-29', false, '春节'), ('2025-01-30', false, '春节'), ('2025-01-31', false, '春节'),
    ('2025-02-03', false, '春节'), ('2025-02-04', false, '春节'), ('2025-02-08', true, '春节'),
    ('2025-04-04', false, '清明节'), ('2025-04-27', true, '劳动节'), ('2025-05-01', false, '劳动节'),
    ('2025-05-02', false, '劳动节'), ('2025-05-05', false, '劳动节'), ('2025-06-02', false, '端午节'),
    ('2025-09-28', true, '国庆节'), ('2025-10-01', false, '国庆节'), ('2025-10-02', false, '国庆节'),
    ('2025-10-03', false, '国庆节'), ('2025-10-06', false, '中秋节'), ('2025-10-07', false, '国庆节'),
    ('2025-10-08', false, '国庆节'), ('2025-10-11', true, '国庆节'), ('2026-01-01', false, '元旦'),
    ('2026-01-02', false, '元旦'), ('2026-01-04', true, '元旦'), ('2026-02-14', true, '春节'),
    ('2026-02-16', false, '春节'), ('2026-02-17', false, '春节'), ('2026-02-18', false, '春节'),
    ('2026-02-19', false, '春节'), ('2026-02-20', false, '春节'), ('2026-02-23', false, '春节'),
    ('2026-02-28', true, '春节'), ('2026-04-06', false, '清明节'), ('2026-05-01', false, '劳动节'),
    ('2026-05-04', false, '劳动节'), ('2026-05-05', false, '劳动节'), ('2026-05-09', true, '劳动节'),
    ('2026-06-19', false, '端午节'), ('2026-09-20', true, '国庆节'), ('2026-09-25', false, '中秋节'),
    ('2026-10-01', false, '国庆节'), ('2026-10-02', false, '国庆节'), ('2026-10-05', false, '国庆节'),
    ('2026-10-06', false, '国庆节'), ('2026-10-07', false, '国庆节'), ('2026-10-10', true, '国庆节');
