-- Open claims, two asked at once, and the time that each way of asking has. depends: 0004_engine

ALTER TABLE "case" ADD mode text NOT NULL DEFAULT 'direct', ADD claimed boolean NOT NULL DEFAULT false,
    ADD beside jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN "case".claimed IS 'whoever has it took it from all; released where he does not call in time';
COMMENT ON COLUMN "case".beside IS 'offers that stand at the same time: the first who accepts leads';
CREATE INDEX case_claimed ON "case" (assignee) WHERE claimed;

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('sequential_seconds', 1, '-infinity', '{"emergency": 600, "urgent": 7200, "general": 86400}'),
    ('claim_seconds', 1, '-infinity', '{"emergency": 300, "urgent": 600, "general": 7200}');
