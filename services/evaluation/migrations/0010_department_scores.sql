-- Departments scored by subdistricts and communities (docs/adr/0036). depends: 0009_integrity

CREATE TABLE department_score (
    ticket      text        NOT NULL,
    department  text        NOT NULL,
    rater       text        NOT NULL,
    month       text        NOT NULL,
    score       smallint    NOT NULL CHECK (score BETWEEN 1 AND 5),
    reason_code text,
    by          text        NOT NULL,
    given_at    timestamptz NOT NULL,
    event       text        NOT NULL,
    PRIMARY KEY (ticket, department, rater)
);
COMMENT ON TABLE department_score IS 'private: what one rater said is neither published nor shown; read in sums alone';
COMMENT ON COLUMN department_score.month IS 'in which it was given, on the calendar of China; a month that is over never changes';
CREATE INDEX department_score_month ON department_score (month, department);
