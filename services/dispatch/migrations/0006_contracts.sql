-- Contracts by month, over-quota approvals, an entry for every unit, and hours given. depends: 0005_modes

ALTER TABLE contract ADD quota_month integer CHECK (quota_month >= 0);
COMMENT ON COLUMN contract.quota_month IS 'units of one calendar month in China; a change counts from the next month on; null: no limit';
ALTER TABLE contract_quota ADD approved integer NOT NULL DEFAULT 0 CHECK (approved >= 0),
    DROP CONSTRAINT contract_quota_suffices,
    ADD CONSTRAINT contract_quota_suffices CHECK (reserved + committed <= quota + approved);

CREATE TABLE contract_month (
    contract  text    NOT NULL REFERENCES contract (code),
    month     date    NOT NULL CHECK (extract(day FROM month) = 1),
    quota     integer,
    approved  integer NOT NULL DEFAULT 0 CHECK (approved >= 0),
    reserved  integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    committed integer NOT NULL DEFAULT 0 CHECK (committed >= 0),
    PRIMARY KEY (contract, month),
    CONSTRAINT contract_month_suffices CHECK (reserved + committed <= quota + approved)
) WITH (fillfactor = 50);

CREATE TABLE quota_entry (
    no       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract text        NOT NULL,
    month    date        NOT NULL,
    ticket   text        NOT NULL,
    what     text        NOT NULL CHECK (what IN ('reserved', 'released', 'committed')),
    at       timestamptz NOT NULL
);
CREATE INDEX quota_entry_settled ON quota_entry (contract, month);
COMMENT ON TABLE quota_entry IS 'append-only: every unit of a contract that was held, freed or used up, and for which ticket';

CREATE TABLE approval (
    no       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract text        NOT NULL REFERENCES contract (code),
    month    date,
    units    integer     NOT NULL CHECK (units <> 0),
    reason   text        NOT NULL,
    by       text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE approval IS 'append-only: who allowed how many units beyond a quota, of one month or in total';

CREATE TABLE hours (
    no         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    assignee   text        NOT NULL,
    ticket     text        NOT NULL,
    assignment text        NOT NULL,
    minutes    integer     NOT NULL CHECK (minutes > 0),
    at         timestamptz NOT NULL
);
CREATE INDEX hours_assignee ON hours (assignee, at);
COMMENT ON TABLE hours IS 'append-only: the time that Party members and volunteers gave, as they reported it';

ALTER TABLE "case" ADD contract_month date;
UPDATE "case" SET contract_month = date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') WHERE contract IS NOT NULL;
INSERT INTO contract_month (contract, month, reserved)
SELECT contract, contract_month, count(*) FROM "case" WHERE contract IS NOT NULL GROUP BY 1, 2;
INSERT INTO quota_entry (contract, month, ticket, what, at)
SELECT contract, contract_month, id, 'reserved', now() FROM "case" WHERE contract IS NOT NULL;

