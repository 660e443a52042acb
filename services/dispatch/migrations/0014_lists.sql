-- What changed in the three lists, from when, by whom and why (docs/adr/0043). depends: 0010_boundary

ALTER TABLE import_log ADD reason text;
CREATE TABLE catalogue_change (
    no         bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    edition    bigint  NOT NULL REFERENCES import_log (id),
    category   text    NOT NULL,
    version    integer NOT NULL,
    list       text    NOT NULL,
    valid_from date    NOT NULL,
    valid_to   date,
    changes    jsonb   NOT NULL
);
COMMENT ON TABLE catalogue_change IS 'append-only: each version of a category that was added or changed, and in which edition of the lists';
COMMENT ON COLUMN catalogue_change.changes IS 'column: [before, after], against the version itself or else the one before it; {}: new';
CREATE INDEX catalogue_change_category ON catalogue_change (category, no);
INSERT INTO catalogue_change (edition, category, version, list, valid_from, valid_to, changes)
SELECT log.id, category, version, list, valid_from, valid_to, '{}'
FROM catalogue JOIN (SELECT max(id) AS id FROM import_log WHERE file ILIKE 'catalogue%') log ON log.id IS NOT NULL
ORDER BY category, version;
