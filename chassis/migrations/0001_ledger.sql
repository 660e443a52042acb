-- The ledger of one service: what came in, what waits, what is parked, what goes out.

-- Events of outside systems that were taken, by their own id; kept >= 90 days, one partition a month.
CREATE TABLE inbox (
    source      text        NOT NULL,
    id          text        NOT NULL,
    time        timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, id, time)
) PARTITION BY RANGE (time);
CREATE TABLE inbox_other PARTITION OF inbox DEFAULT;

-- How far each stream (one publisher's events about one ticket) has taken effect here: the inbox of ordered events.
CREATE TABLE position (
    source       text    NOT NULL,
    partitionkey text    NOT NULL,
    sequence     integer NOT NULL CHECK (sequence > 0),
    PRIMARY KEY (source, partitionkey)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- Events that go on by themselves: behind a gap, or due for another try.
CREATE TABLE waiting (
    source       text        NOT NULL,
    id           text        NOT NULL,
    partitionkey text        NOT NULL,
    sequence     integer     NOT NULL,
    type         text        NOT NULL,
    exchange     text        NOT NULL,
    publisher    text,
    event        text        NOT NULL,
    attempt      integer     NOT NULL DEFAULT 0,
    due_at       timestamptz,
    error        text,
    since        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, id)
);
CREATE INDEX waiting_stream ON waiting (source, partitionkey, sequence);
CREATE INDEX waiting_due ON waiting (due_at) WHERE due_at IS NOT NULL;

-- Events that need a person; nothing is ever deleted here.
CREATE TABLE parked (
    no           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text,
    id           text,
    type         text,
    partitionkey text,
    sequence     integer     NOT NULL DEFAULT 0,
    exchange     text        NOT NULL,
    publisher    text,
    content_type text,
    body         bytea       NOT NULL,
    reason       text        NOT NULL,
    detail       text        NOT NULL,
    attempt      integer     NOT NULL DEFAULT 0,
    parked_at    timestamptz NOT NULL DEFAULT now(),
    state        text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'retried', 'archived')),
    history      jsonb       NOT NULL DEFAULT '[]'
);
CREATE INDEX parked_open ON parked (parked_at) WHERE state = 'open';
CREATE INDEX parked_stream ON parked (source, partitionkey) WHERE state = 'open';

-- Messages to publish: each carries up to 50 events of one shard. Kept after sending, one partition a month.
CREATE TABLE outbox (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    created_at   timestamptz NOT NULL DEFAULT now(),
    exchange     text        NOT NULL,
    routing_key  text        NOT NULL,
    content_type text        NOT NULL,
    body         text        NOT NULL,
    sent_at      timestamptz,
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE outbox_other PARTITION OF outbox DEFAULT;
CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL;

-- Local policy: figures that a place may set, each with a version and the time from which it holds.
CREATE TABLE policy (
    name       text        NOT NULL,
    version    integer     NOT NULL,
    valid_from timestamptz NOT NULL,
    value      jsonb       NOT NULL,
    PRIMARY KEY (name, version)
);

-- Makes sure that the partitions of this month and the next two exist, and drops those older than `keep` unless
-- something in them is still unsent. Rows that came before their partition are moved out of the default one.
CREATE FUNCTION ensure_partitions(keep interval DEFAULT '120 days') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    parent text; partition text; span text; start date; unsent boolean;
    home text := (SELECT nspname FROM pg_namespace JOIN pg_proc p ON p.pronamespace = pg_namespace.oid
                  WHERE p.oid = 'ensure_partitions(interval)'::regprocedure);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(home || '.ensure_partitions'));
    FOREACH parent IN ARRAY ARRAY['inbox', 'outbox'] LOOP
        span := CASE parent WHEN 'inbox' THEN 'time' ELSE 'created_at' END;
        FOR start IN SELECT generate_series(date_trunc('month', now()), now() + interval '2 months', interval '1 month') LOOP
            partition := parent || to_char(start, '_YYYY_MM');
            CONTINUE WHEN to_regclass(format('%I.%I', home, partition)) IS NOT NULL;
            EXECUTE format('CREATE TABLE %I.%I (LIKE %I.%I INCLUDING DEFAULTS)', home, partition, home, parent);
            EXECUTE format('WITH moved AS (DELETE FROM %1$I.%2$I WHERE %3$I >= %4$L AND %3$I < %5$L RETURNING *) '
                           'INSERT INTO %1$I.%6$I SELECT * FROM moved',
                home, parent || '_other', span, start, start + interval '1 month', partition);
            EXECUTE format('ALTER TABLE %I.%I ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
                home, parent, home, partition, start, start + interval '1 month');
        END LOOP;
        FOR partition IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = home AND c.relname ~ ('^' || parent || '_\d{4}_\d{2}$')
                  AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' < now() - keep LOOP
            unsent := false;
            IF parent = 'outbox' THEN
                EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I WHERE sent_at IS NULL)', home, partition) INTO unsent;
            END IF;
            CONTINUE WHEN unsent;
            EXECUTE format('DROP TABLE %I.%I', home, partition);
        END LOOP;
    END LOOP;
END $$;
DO $$ BEGIN PERFORM ensure_partitions(); END $$;
