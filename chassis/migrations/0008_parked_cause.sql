-- Records are grouped by their cause; a stream can go back, and what was to be tried again be taken back (docs/adr/0058). depends: 0005_keep_partitions

-- The cause is the detail without what differs from one record to the next: quoted values, and numbers.
ALTER TABLE parked ADD COLUMN cause text GENERATED ALWAYS AS (left(regexp_replace(
    regexp_replace(detail, '''[^'']*''|"[^"]*"', '…', 'g'), '[0-9]+', '#', 'g'), 200)) STORED;
CREATE INDEX parked_cause ON parked (type, reason, cause) WHERE state = 'open';
CREATE INDEX parked_ident ON parked (source, id);

-- 0: its first event was skipped and is opened again.
ALTER TABLE position DROP CONSTRAINT position_sequence_check;
ALTER TABLE position ADD CONSTRAINT position_sequence_check CHECK (sequence >= 0) NOT VALID;

-- Ends the waiting of what a person wanted tried again and nobody is trying at this moment; nothing else may be taken
-- out of the line, so whoever may decide about records needs no right to empty it.
CREATE FUNCTION take_back(text[], text[]) RETURNS TABLE (of_source text, of_id text)
LANGUAGE sql SECURITY DEFINER AS '
    DELETE FROM waiting WHERE (source, id) IN (
        SELECT w.source, w.id FROM waiting w WHERE (w.source, w.id) IN (SELECT * FROM unnest($1, $2))
          AND (EXISTS (SELECT FROM parked p WHERE p.state = ''retried'' AND (p.source, p.id) = (w.source, w.id))
               OR w.source = ''parked'' AND EXISTS (
                   SELECT FROM parked p WHERE p.state = ''retried''
                      AND p.no = CASE WHEN w.id ~ ''^[0-9]{1,18}$'' THEN w.id::bigint END))
        ORDER BY w.source, w.id FOR UPDATE SKIP LOCKED)
    RETURNING source, id';
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION take_back(text[], text[]) SET search_path = %I, pg_temp', current_schema());
END $$;
