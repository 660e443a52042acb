-- More ways out: SMS, app, call-backs with receipts and opt-outs; webhooks; alarms. depends: 0001_notification

ALTER TABLE correspondence ADD COLUMN urgent boolean NOT NULL DEFAULT false;
-- May be null: a process of the version before writes rows without it while the house is renewed.
ALTER TABLE delivery ADD COLUMN urgent boolean;
ALTER TABLE delivery DROP CONSTRAINT delivery_state_check;
ALTER TABLE delivery ADD CONSTRAINT delivery_state_check CHECK (state IN ('queued', 'handed', 'sent', 'failed'));
DROP INDEX delivery_under_way;
CREATE INDEX delivery_under_way ON delivery (ticket) WHERE state IN ('queued', 'handed');
CREATE INDEX delivery_handed ON delivery (due_at) WHERE state = 'handed';

CREATE TABLE receipt_mark (
    channel text PRIMARY KEY,
    after   text NOT NULL
);
COMMENT ON TABLE receipt_mark IS 'up to where the receipts of a gateway have been read, in its own words';

CREATE TABLE call (
    no      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key     text        NOT NULL,
    attempt integer     NOT NULL,
    reached boolean     NOT NULL,
    by      text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (key, attempt)
);
COMMENT ON TABLE call IS 'append-only: which call-back an operator has made, and whether somebody answered';

CREATE TABLE opt_out (
    mark    text        NOT NULL,
    channel text        NOT NULL,
    by      text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mark, channel)
);
COMMENT ON TABLE opt_out IS 'who wants nothing through a channel: a keyed fingerprint, never the address';

CREATE TABLE pace (
    channel text        NOT NULL,
    mark    text        NOT NULL,
    next_at timestamptz NOT NULL,
    PRIMARY KEY (channel, mark)
);
COMMENT ON TABLE pace IS 'when one destination will have had its share of a channel';

CREATE TABLE alarm (
    no         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL,
    about      text        NOT NULL,
    said       text        NOT NULL,
    raised_at  timestamptz NOT NULL DEFAULT now(),
    cleared_at timestamptz
);
CREATE UNIQUE INDEX alarm_open ON alarm (kind, about) WHERE cleared_at IS NULL;

CREATE TABLE subscriber (
    id            text        PRIMARY KEY,
    url           text        NOT NULL,
    types         text[]      NOT NULL,
    state         text        NOT NULL CHECK (state IN ('active', 'paused', 'gone', 'disabled')),
    reason        text,
    secret        integer     NOT NULL,
    both_until    timestamptz,
    failing_since timestamptz,
    made_by       text        NOT NULL,
    made_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN subscriber.secret IS 'number of the present secret; secrets are derived and nowhere kept';
COMMENT ON COLUMN subscriber.both_until IS 'until when the secret before it signs, too';

CREATE TABLE webhook_message (
    key        text        PRIMARY KEY,
    ident      text        NOT NULL,
    subscriber text        NOT NULL REFERENCES subscriber,
    event_type text        NOT NULL,
    ticket     text        NOT NULL,
    body       text        NOT NULL,
    due_at     timestamptz NOT NULL DEFAULT now(),
    state      text        NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'dropped')),
    attempt    integer     NOT NULL DEFAULT 0,
    made_at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX webhook_due ON webhook_message (subscriber, due_at) WHERE state = 'queued';
CREATE INDEX webhook_old ON webhook_message (made_at) WHERE state <> 'queued';

CREATE TABLE webhook_try (
    key     text        NOT NULL REFERENCES webhook_message ON DELETE CASCADE,
    attempt integer     NOT NULL,
    at      timestamptz NOT NULL,
    status  integer,
    error   text,
    ms      integer     NOT NULL
);
CREATE INDEX webhook_tries ON webhook_try (key);

INSERT INTO policy (name, version, valid_from, value) VALUES
    ('channels', 1, '-infinity', '{"order": ["app", "sms", "smtp"],
        "call_back": ["info_requested", "ticket_declined", "ticket_transferred", "final_answer_given"]}'),
    ('quiet_hours', 1, '-infinity', '{"from": "22:00", "to": "07:00", "channels": ["app", "sms"]}'),
    ('pace', 1, '-infinity', '{"sms": {"seconds": 600, "burst": 5}, "app": {"seconds": 120, "burst": 10}}'),
    ('retry_webhook', 1, '-infinity',
        '{"seconds": [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400], "disable_days": 5, "keep_days": 30}'),
    ('retry_callback', 1, '-infinity', '{"seconds": [14400, 86400]}');
