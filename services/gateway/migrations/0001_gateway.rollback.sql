DROP TRIGGER forget_sent ON outbox;
DROP FUNCTION forget_sent();
DROP TABLE access, standing, answer, refusal, intake, scope, credential, client;
