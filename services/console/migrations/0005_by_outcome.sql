-- What was refused or failed is found among what was done. depends: 0004_mending

CREATE INDEX action_outcome ON action (outcome, no);
