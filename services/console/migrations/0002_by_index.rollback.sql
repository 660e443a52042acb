DROP INDEX IF EXISTS ticket.ticket_by_grid, ticket.outbox_created;
