-- Departments that were called to a ticket's place, and why (docs/adr/0040). depends: 0006_contracts

ALTER TABLE "case" ADD calls jsonb NOT NULL DEFAULT '[]', ADD arrive_by timestamptz;
COMMENT ON COLUMN "case".calls IS 'departments that were called to the place, and which of them came';
COMMENT ON COLUMN "case".arrive_by IS 'when the first of those who are awaited has to be there';
CREATE INDEX case_awaiting ON "case" (arrive_by) WHERE arrive_by IS NOT NULL;

CREATE TABLE whistle (
    ticket      text        NOT NULL,
    whistle     integer     NOT NULL,
    at          timestamptz NOT NULL,
    cause       text        NOT NULL,
    reason_code text        NOT NULL,
    basis       text        NOT NULL,
    by          text        NOT NULL,
    PRIMARY KEY (ticket, whistle)
);
COMMENT ON TABLE whistle IS 'append-only: why departments were called, in the words of who called them';
