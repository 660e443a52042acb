DROP INDEX IF EXISTS action_outcome;
