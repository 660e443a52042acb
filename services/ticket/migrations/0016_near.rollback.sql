CREATE INDEX likeness_lowest ON likeness USING gin (lowest) WHERE lowest IS NOT NULL;
DROP TABLE likeness_low;
