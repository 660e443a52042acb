ALTER TABLE "case" DROP contract_month;
DROP TABLE hours, approval, quota_entry, contract_month;
ALTER TABLE contract_quota DROP CONSTRAINT contract_quota_suffices, DROP approved,
    ADD CONSTRAINT contract_quota_suffices CHECK (reserved + committed <= quota);
ALTER TABLE contract DROP quota_month;
