DROP INDEX casefile_claim;
