-- What the gateway remembers ends: accesses by the month, the intake by the row. depends: 0002_open311

-- Accesses must stay six months at least (Cybersecurity Law of the PRC, article 21); the rest is a city's to say.
INSERT INTO policy (name, version, valid_from, value) VALUES
    ('retention', 1, '-infinity', '{"access_days": 210, "intake_days": 400, "refusal_days": 400}');

ALTER TABLE access RENAME TO access_before;
ALTER TABLE access_before RENAME CONSTRAINT access_pkey TO access_before_pkey;
ALTER SEQUENCE access_no_seq RENAME TO access_before_no_seq;
CREATE TABLE access (
    no      bigint      GENERATED ALWAYS AS IDENTITY,
    at      timestamptz NOT NULL DEFAULT now(),
    client  text,
    address text,
    method  text        NOT NULL,
    path    text        NOT NULL,
    status  integer     NOT NULL,
    problem text,
    events  integer     NOT NULL DEFAULT 0,
    trace   text        NOT NULL,
    PRIMARY KEY (no, at)
) PARTITION BY RANGE (at);
COMMENT ON TABLE access IS 'append-only: who asked for what, and what the answer was; whole months go when they are old';
CREATE TABLE access_other PARTITION OF access DEFAULT;
INSERT INTO access OVERRIDING SYSTEM VALUE SELECT * FROM access_before;
DO $$ BEGIN PERFORM setval('access_no_seq', (SELECT coalesce(max(no), 0) + 1 FROM access_before), false); END $$;
DROP TABLE access_before;

-- Makes the partitions of this month and the next two, and of every month of which there are rows outside of one;
-- drops those in which all is too old.
CREATE FUNCTION keep_access() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET timezone = 'UTC' AS $$
DECLARE
    home text := (SELECT nspname FROM pg_namespace JOIN pg_proc p ON p.pronamespace = pg_namespace.oid
                  WHERE p.oid = 'keep_access()'::regprocedure);
    keep interval := greatest(interval '184 days', make_interval(days => (
        SELECT (value->>'access_days')::integer FROM policy
        WHERE name = 'retention' AND valid_from <= now() ORDER BY version DESC LIMIT 1)));
    partition text; month timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(home || '.keep_access'));
    FOR month IN SELECT generate_series(date_trunc('month', now()), now() + interval '2 months', interval '1 month')
                 UNION SELECT date_trunc('month', at) FROM access_other LOOP
        partition := 'access' || to_char(month, '_YYYY_MM');
        CONTINUE WHEN to_regclass(format('%I.%I', home, partition)) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I.%I (LIKE %I.access INCLUDING DEFAULTS)', home, partition, home);
        EXECUTE format('WITH moved AS (DELETE FROM %1$I.access_other WHERE at >= %2$L AND at < %3$L RETURNING *) '
                       'INSERT INTO %1$I.%4$I SELECT * FROM moved', home, month, month + interval '1 month', partition);
        EXECUTE format('ALTER TABLE %I.access ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
            home, home, partition, month, month + interval '1 month');
    END LOOP;
    FOR partition IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = format('%I.access', home)::regclass AND c.relname ~ '^access_\d{4}_\d{2}$'
              AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' < now() - keep LOOP
        EXECUTE format('DROP TABLE %I.%I', home, partition);
    END LOOP;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION keep_access() SET search_path = %I, pg_temp', current_schema());
    PERFORM keep_access();
END $$;
REVOKE EXECUTE ON FUNCTION keep_access() FROM PUBLIC;

-- Rows come in the order of their time, so that a few pages of summary find the old ones.
CREATE INDEX intake_received ON intake USING brin (received_at) WITH (autosummarize = on);
CREATE INDEX refusal_received ON refusal USING brin (received_at) WITH (autosummarize = on);
CREATE INDEX service_request_received ON service_request USING brin (received_at) WITH (autosummarize = on);
