-- The tally: how many cases of each sort, for each dimension and month, kept with every batch (docs/adr/0023). depends: 0002_rating_keys

CREATE TABLE tally (
    dimension        text     NOT NULL,
    month            text     NOT NULL,
    key              text     NOT NULL,
    kind             text     NOT NULL,
    slot             smallint NOT NULL,
    cases            integer  NOT NULL,
    contacts_due     integer  NOT NULL,
    contacts_in_time integer  NOT NULL,
    closed           integer  NOT NULL,
    rated            integer  NOT NULL,
    resolved_yes     integer  NOT NULL,
    resolved_partly  integer  NOT NULL,
    resolved_no      integer  NOT NULL,
    satisfied        integer  NOT NULL,
    handled          integer  NOT NULL,
    handled_on_time  integer  NOT NULL,
    reworked         integer  NOT NULL,
    offered          integer  NOT NULL,
    returned         integer  NOT NULL,
    disputed         integer  NOT NULL,
    overturned       integer  NOT NULL,
    excluded         integer  NOT NULL,
    PRIMARY KEY (dimension, month, key, kind, slot)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN tally.slot IS 'processes that write at the same time seldom meet in a row; a cell is the sum of its slots';

ALTER TABLE casefile ADD contact_missed boolean NOT NULL DEFAULT false;
CREATE INDEX casefile_contact ON casefile (contact_due_at) WHERE contacted_in_time IS NULL AND NOT contact_missed;

CREATE TABLE scorecard (
    month     text        NOT NULL,
    dimension text        NOT NULL,
    issued_at timestamptz NOT NULL,
    weights   jsonb       NOT NULL,
    cells     jsonb       NOT NULL,
    PRIMARY KEY (month, dimension)
);
COMMENT ON TABLE scorecard IS 'append-only: the counts of a month as they were when it was issued';
CREATE TABLE correction (
    no     bigint      GENERATED ALWAYS AS IDENTITY,
    month  text        NOT NULL,
    ticket text        NOT NULL,
    at     timestamptz NOT NULL,
    before jsonb       NOT NULL,
    after  jsonb       NOT NULL,
    PRIMARY KEY (month, no)
);
COMMENT ON TABLE correction IS 'append-only: what has changed in a month after its scorecard: how a ticket counted, and how it counts';

INSERT INTO tally (dimension, month, key, kind, slot, cases, contacts_due, contacts_in_time, closed, rated, resolved_yes,
    resolved_partly, resolved_no, satisfied, handled, handled_on_time, reworked, offered, returned, disputed, overturned,
    excluded)
SELECT dimension, month, key, kind, 0, cases, contacts_due, contacts_in_time, closed, rated, resolved_yes,
    resolved_partly, resolved_no, satisfied, handled, handled_on_time, reworked, offered, returned, disputed, overturned,
    excluded FROM (
    SELECT dimension, month, key, kind,
        count(*) AS cases,
        count(*) FILTER (WHERE counts AND (contacted_in_time IS NOT NULL OR contact_missed)) AS contacts_due,
        count(*) FILTER (WHERE counts AND contacted_in_time) AS contacts_in_time,
        count(*) FILTER (WHERE counts AND closed) AS closed,
        count(*) FILTER (WHERE counts AND closed AND satisfaction IS NOT NULL) AS rated,
        count(*) FILTER (WHERE counts AND closed AND resolved = 'yes') AS resolved_yes,
        count(*) FILTER (WHERE counts AND closed AND resolved = 'partly') AS resolved_partly,
        count(*) FILTER (WHERE counts AND closed AND resolved = 'no') AS resolved_no,
        count(*) FILTER (WHERE counts AND closed AND satisfaction IN
            ('very_satisfied', 'satisfied', 'basically_satisfied')) AS satisfied,
        count(*) FILTER (WHERE counts AND on_time IS NOT NULL) AS handled,
        count(*) FILTER (WHERE counts AND on_time) AS handled_on_time,
        count(*) FILTER (WHERE counts AND on_time IS NOT NULL AND reworks > 0) AS reworked,
        count(*) FILTER (WHERE counts AND hops > 0) AS offered,
        count(*) FILTER (WHERE counts AND hops > 0 AND returns > 0) AS returned,
        count(*) FILTER (WHERE counts AND aside ? 'objector') AS disputed,
        count(*) FILTER (WHERE counts AND aside ? 'overturned') AS overturned,
        count(*) FILTER (WHERE NOT counts) AS excluded
    FROM (SELECT *, to_char(received_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month,
                 ended IS NOT DISTINCT FROM 'closed' AND round > 0 AS closed,
                 aside->>'excluded' IS NULL AS counts
          FROM casefile WHERE received_at IS NOT NULL AND (on_time IS NOT NULL OR ended IS NOT NULL
              OR contacted_in_time IS FALSE OR contact_missed OR aside->>'excluded' IS NOT NULL)) AS c
    CROSS JOIN LATERAL (VALUES
        ('assignee', coalesce(assignee, ''), coalesce(assignee_kind, '')),
        ('unit', coalesce(unit, ''), coalesce(assignee_kind, '')), ('grid', coalesce(grid, ''), ''),
        ('category', coalesce(category, ''), ''), ('source', coalesce(source, ''), ''),
        ('severity', coalesce(severity, ''), ''), ('kind', coalesce(assignee_kind, ''), '')
    ) AS d (dimension, key, kind)
    GROUP BY dimension, month, key, kind) AS counted;

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('ranking', 1, '-infinity', '{"least_rated": 30, "volumes": [100, 300], "excluded_at_most": 0.05}'),
    ('scorecard', 1, '-infinity', '{"days": 15}');
