-- Who asked and what they said is sealed (docs/adr/0014); rows in clear are read until they are. depends: 0003_deadlines

ALTER TABLE request
    ALTER title DROP NOT NULL, ALTER body DROP NOT NULL,
    ADD key text, ADD sealed bytea, ADD recorded_at timestamptz;
ALTER TABLE contact ADD key text, ADD sealed bytea, ADD phone_mark bytea;
COMMENT ON COLUMN request.key IS 'the name of the key that sealed the row; NULL: title, body and address are in clear';
COMMENT ON COLUMN contact.key IS 'the name of the key that sealed the row; NULL: name, phone and email are in clear';
COMMENT ON COLUMN contact.phone_mark IS 'keyed hash of the telephone number, to find a person without opening anything';
CREATE INDEX request_clear ON request (ticket) WHERE key IS NULL;
CREATE INDEX contact_clear ON contact (ref) WHERE key IS NULL;
CREATE INDEX request_recorded ON request (recorded_at);
CREATE INDEX contact_phone ON contact (phone_mark) WHERE phone_mark IS NOT NULL;

-- By its id alone a key is known here; the key itself never is.
CREATE TABLE vault_key (
    name       text        PRIMARY KEY,
    since      timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
);
COMMENT ON COLUMN vault_key.retired_at IS 'when no row was sealed with it any more';

-- Under which extension of the relay number somebody is reached who is not named.
CREATE TABLE relay (
    ref       text        PRIMARY KEY,
    extension text        NOT NULL UNIQUE,
    made_at   timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE reveal
    ADD role text NOT NULL DEFAULT '', ADD outcome text NOT NULL DEFAULT 'full', ADD reason text,
    ADD words boolean NOT NULL DEFAULT false;
CREATE INDEX reveal_at ON reveal (at);

CREATE TABLE erasure (
    at       timestamptz NOT NULL DEFAULT now(),
    who      text        NOT NULL,
    reason   text        NOT NULL,
    refs     text[]      NOT NULL,
    contacts integer     NOT NULL,
    requests integer     NOT NULL
);
COMMENT ON TABLE erasure IS 'append-only: whose identity was taken out, by whom and why';

GRANT SELECT, INSERT, UPDATE ON vault_key TO ticket;
GRANT SELECT, INSERT, DELETE ON relay TO ticket;
GRANT SELECT, INSERT ON erasure TO ticket;

-- A parked message that has been decided upon may lose its body, and says so; nobody can do more to it.
CREATE FUNCTION forget_parked(parked_before timestamptz, with_text text, by_whom text, because text) RETURNS bigint
LANGUAGE sql SECURITY DEFINER AS '
    WITH gone AS (
        UPDATE parked SET body = '''', history = history || jsonb_build_array(jsonb_build_object(
            ''at'', now(), ''what'', ''body erased'', ''who'', $3, ''reason'', $4))
        WHERE state <> ''open'' AND length(body) > 0 AND parked_at < $1
          AND ($2 IS NULL OR position(convert_to($2, ''UTF8'') IN body) > 0)
        RETURNING 1)
    SELECT count(*) FROM gone';
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION forget_parked(timestamptz, text, text, text) SET search_path = %I, pg_temp', current_schema());
END $$;
REVOKE EXECUTE ON FUNCTION forget_parked(timestamptz, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_parked(timestamptz, text, text, text) TO ticket;

-- Role -> purpose -> full or masked; what is not named is refused.
INSERT INTO policy (name, version, valid_from, value) VALUES
    ('reveal', 1, '-infinity', '{
        "notification": {"notify": "full"},
        "relay": {"connect": "full"},
        "operator": {"callback": "full", "verify": "full", "correct": "full"},
        "supervisor": {"complaint": "full", "callback": "full"},
        "community_desk": {"contact": "full", "visit": "full", "callback": "full"},
        "rota": {"contact": "full", "visit": "full"},
        "grid_officer": {"contact": "full", "visit": "full"},
        "department": {"contact": "full", "visit": "full"},
        "party_member": {"contact": "masked", "visit": "full"},
        "volunteer_team": {"contact": "masked"},
        "property_company": {"contact": "masked", "visit": "masked"},
        "social_organization": {"contact": "masked", "visit": "masked"}}'),
    ('relay', 1, '-infinity', '{"number": "12345"}'),
    ('retention', 1, '-infinity', '{"days": 1095, "parked_days": 180}');
