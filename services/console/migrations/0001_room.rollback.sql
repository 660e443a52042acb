DROP TABLE action, handshake, failure, session, account;
