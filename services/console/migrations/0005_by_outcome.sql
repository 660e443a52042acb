-- What was refused or failed is found among what was done, and which tickets are urgent. depends: 0004_mending

CREATE INDEX action_outcome ON action (outcome, no);
CREATE INDEX IF NOT EXISTS ticket_urgent ON ticket.ticket (id) WHERE severity IN ('emergency', 'urgent');
