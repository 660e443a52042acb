-- Gaps of the rota are seen days before, and what nobody has begun passes on at the change of shift (docs/adr/0044).
-- depends: 0014_lists

CREATE TABLE rota_watch (
    id       text    PRIMARY KEY,
    sequence integer NOT NULL,
    cell     text    NOT NULL,
    told     jsonb   NOT NULL
);
COMMENT ON TABLE rota_watch IS 'the gaps ahead in the rota of each cell that a supervisor has been told of';
CREATE INDEX rota_by_assignee ON rota (assignee);
CREATE INDEX case_on_rota ON "case" (assignee) WHERE kind = 'rota' AND state IN ('offered', 'accepted');

INSERT INTO policy (name, version, valid_from, value) VALUES ('rota', 1, '-infinity', '{"ahead_days": 3}');
