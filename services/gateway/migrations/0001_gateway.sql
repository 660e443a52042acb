-- The gateway's own: who may enter, what was taken in and for whom, how tickets stand, and every access. depends: 0001_ledger

-- Systems of other offices. An identity is one of: an API key (only its hash is here), a signature (its secret is
-- derived and nowhere at rest), or a token whose client is `subject`.
CREATE TABLE client (
    id         text        PRIMARY KEY,
    kind       text        NOT NULL CHECK (kind IN ('api-key', 'hmac', 'oauth')),
    subject    text        UNIQUE,
    state      text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'revoked')),
    any_ticket boolean     NOT NULL DEFAULT false,
    made_by    text        NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE credential (
    client  text        NOT NULL REFERENCES client,
    number  integer     NOT NULL,
    digest  text,
    made_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz,
    PRIMARY KEY (client, number)
);
CREATE TABLE scope (
    client text NOT NULL REFERENCES client,
    source text NOT NULL,
    type   text NOT NULL,
    PRIMARY KEY (client, source, type)
);

-- Every event that was taken in, without a word of what it says: that is in the outbox until the broker has it.
CREATE TABLE intake (
    source      text        NOT NULL,
    id          text        NOT NULL,
    type        text        NOT NULL,
    ticket      text        NOT NULL,
    time        timestamptz NOT NULL,
    client      text        NOT NULL,
    digest      text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz NOT NULL DEFAULT now(),
    state       text        NOT NULL DEFAULT 'accepted' CHECK (state IN ('accepted', 'refused', 'parked')),
    problem     text,
    detail      text,
    PRIMARY KEY (source, id)
);
CREATE INDEX intake_time ON intake (source, time);
CREATE INDEX intake_ticket ON intake (ticket);

-- Events that were refused at the door, for reconciliation; the last refusal of each.
CREATE TABLE refusal (
    source      text        NOT NULL,
    id          text        NOT NULL,
    type        text,
    time        timestamptz NOT NULL,
    client      text        NOT NULL,
    problem     text        NOT NULL,
    detail      text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, id)
);
CREATE INDEX refusal_time ON refusal (source, time);

-- Answers by idempotency key; kept for a day.
CREATE TABLE answer (
    client  text        NOT NULL,
    key     text        NOT NULL,
    digest  text        NOT NULL,
    status  integer     NOT NULL,
    body    text        NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client, key)
);
CREATE INDEX answer_made ON answer (made_at);

-- How tickets and standing orders stand, from the ticket service's facts.
CREATE TABLE standing (
    id           text        PRIMARY KEY,
    sequence     integer     NOT NULL DEFAULT 0,
    source       text        NOT NULL,
    external_id  text        NOT NULL,
    state        text        NOT NULL,
    before       text        NOT NULL,
    severity     text        NOT NULL,
    category     text,
    due_at       timestamptz,
    resolved     text,
    satisfaction text,
    "primary"    text,
    received_at  timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE access (
    no      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT now(),
    client  text,
    address text,
    method  text        NOT NULL,
    path    text        NOT NULL,
    status  integer     NOT NULL,
    problem text,
    events  integer     NOT NULL DEFAULT 0,
    trace   text        NOT NULL
);
COMMENT ON TABLE access IS 'append-only: who asked for what, and what the answer was';

-- Who asked and what was said is the ticket service's to keep: what the broker has confirmed is forgotten here.
CREATE FUNCTION forget_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.body := '';
    RETURN NEW;
END $$;
CREATE TRIGGER forget_sent BEFORE UPDATE OF sent_at ON outbox FOR EACH ROW
    WHEN (NEW.sent_at IS NOT NULL) EXECUTE FUNCTION forget_sent();
