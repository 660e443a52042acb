-- Every step of every ticket's way from one to the next, with what each was chosen from (docs/adr/0041). depends: 0011_calls

CREATE TABLE chain (
    no         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ticket     text        NOT NULL,
    at         timestamptz NOT NULL,
    what       text        NOT NULL,
    hop        integer     NOT NULL,
    assignment text,
    assignee   text,
    kind       text,
    unit       text,
    note       text,
    by         text,
    weighed    text
);
CREATE INDEX chain_ticket ON chain (ticket, no);
CREATE INDEX chain_at ON chain USING brin (at);
COMMENT ON TABLE chain IS 'append-only: who was asked, took it, gave it back or did it, and when; the way of every ticket';
COMMENT ON COLUMN chain.weighed IS 'JSON: all options as the engine saw them, with lists and rules by version; null where it did not choose';
