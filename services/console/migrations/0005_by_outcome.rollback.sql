DROP INDEX action_outcome;
