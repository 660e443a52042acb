-- Open311: what may be asked for, what was asked for at its door, and the steps it took since. depends: 0001_gateway

CREATE TABLE service (
    code        text   NOT NULL,
    name        text   NOT NULL,
    description text   NOT NULL,
    keywords    text[] NOT NULL,
    path        text   NOT NULL,
    valid_from  date   NOT NULL,
    valid_to    date,
    PRIMARY KEY (code, valid_from)
);
COMMENT ON TABLE service IS 'a copy of the directory''s catalogue, replaced as a whole by each import that changes it';

-- No word of what was said: that is the ticket service's. Where it is can be read back, and is sealed.
CREATE TABLE service_request (
    ticket       text        PRIMARY KEY,
    source       text        NOT NULL,
    external_id  text        NOT NULL,
    service_code text        NOT NULL,
    service_name text        NOT NULL,
    requested_at timestamptz NOT NULL,
    place        bytea,
    received_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX service_request_time ON service_request (source, requested_at DESC, ticket);
CREATE UNIQUE INDEX service_request_sender ON service_request (source, external_id);
COMMENT ON COLUMN service_request.place IS 'latitude and longitude, sealed with a key derived from GATEWAY_TOKEN';

CREATE TABLE note (
    ticket   text        NOT NULL REFERENCES service_request ON DELETE CASCADE,
    sequence integer     NOT NULL,
    at       timestamptz NOT NULL,
    type     text        NOT NULL,
    PRIMARY KEY (ticket, sequence)
);
COMMENT ON TABLE note IS 'facts of the ticket service about these requests, by name';
