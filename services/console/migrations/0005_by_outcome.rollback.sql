DROP INDEX IF EXISTS action_outcome, ticket.ticket_urgent;
