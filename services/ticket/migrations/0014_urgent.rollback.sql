DROP INDEX ticket_urgent;
