-- What the page *Ticket* looks up in the ticket service's tables, it looks up by an index. depends: 0001_room

CREATE INDEX IF NOT EXISTS ticket_by_grid ON ticket.ticket (grid COLLATE "C", received_at DESC);
CREATE INDEX IF NOT EXISTS outbox_created ON ticket.outbox USING brin (created_at) WITH (autosummarize = on);
