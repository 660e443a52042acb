DROP TABLE history, reveal, contact, request, ticket;
