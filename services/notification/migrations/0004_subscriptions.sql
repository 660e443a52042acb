-- Subscriptions of other systems' own: whose, of which sources and cells; messages with a number; what a hotline is told. depends: 0003_templates

ALTER TABLE subscriber
    ADD owner   text,
    ADD sources text[],
    ADD grids   text[]  NOT NULL DEFAULT '{}',
    ADD hotline text,
    ADD vouched boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN subscriber.owner IS 'the system that has made it at the gateway, which begins its id; null: operators have';
COMMENT ON COLUMN subscriber.sources IS 'of whose tickets it hears; null: of all';
COMMENT ON COLUMN subscriber.grids IS 'of which cells it hears, by how their codes begin; none: of all';
COMMENT ON COLUMN subscriber.hotline IS 'the city in whose words it is told';
COMMENT ON COLUMN subscriber.vouched IS 'false while its owner is shut out at the gateway';

-- Rises in the order in which messages are made; a subscriber can ask for all from one of them on.
ALTER TABLE webhook_message ADD no bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX webhook_number ON webhook_message (subscriber, no);
DROP INDEX webhook_old;
CREATE INDEX webhook_old ON webhook_message (made_at);

-- Null for tickets that were heard of before.
ALTER TABLE correspondence
    ADD source       text,
    ADD external_id  text,
    ADD contacted_at timestamptz,
    ADD follows      text;
