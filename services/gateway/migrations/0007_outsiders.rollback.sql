DROP TABLE hearing;
DELETE FROM scope WHERE client IN (SELECT id FROM client WHERE kind = 'amqp');
DELETE FROM credential WHERE client IN (SELECT id FROM client WHERE kind = 'amqp');
DELETE FROM client WHERE kind = 'amqp';
ALTER TABLE client DROP CONSTRAINT client_kind_check;
ALTER TABLE client ADD CONSTRAINT client_kind_check CHECK (kind IN ('api-key', 'hmac', 'oauth'));
