-- Systems that come to the broker itself (docs/adr/0053). depends: 0001_gateway

-- Of kind `amqp`: known by a user at the broker, whose salted hash is the digest of its newest credential.
ALTER TABLE client DROP CONSTRAINT client_kind_check;
ALTER TABLE client ADD CONSTRAINT client_kind_check CHECK (kind IN ('api-key', 'hmac', 'oauth', 'amqp'));

-- The types of facts that it hears there, as others see them.
CREATE TABLE hearing (
    client text NOT NULL REFERENCES client,
    type   text NOT NULL,
    PRIMARY KEY (client, type)
);
