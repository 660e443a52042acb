-- Ratings that deserve a look (docs/adr/0035): many at once, and top marks as soon as asked. depends: 0008_spans

ALTER TABLE casefile ADD asked_at timestamptz, ADD rated_at timestamptz;
COMMENT ON COLUMN casefile.rated_at IS 'when the requester has rated himself, last; a rating on the telephone is not looked at';
CREATE INDEX casefile_rated ON casefile (assignee, rated_at) WHERE rated_at IS NOT NULL;

ALTER TABLE tally ADD instant integer NOT NULL DEFAULT 0, ADD bursts integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN tally.bursts IS 'ratings before which many others for the same assignee had come within a short time';

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('integrity_flags', 1, '-infinity', '{"instant_seconds": 20, "burst_ratings": 20, "burst_seconds": 600}');
