DELETE FROM policy WHERE name IN ('channels', 'quiet_hours', 'pace', 'retry_webhook', 'retry_callback');
DROP TABLE webhook_try, webhook_message, subscriber, alarm, pace, opt_out, call, receipt_mark;
DROP INDEX delivery_handed, delivery_under_way;
UPDATE delivery SET state = 'sent' WHERE state = 'handed';
UPDATE delivery SET channel = 'console', channels = '{console}', due_at = now()
WHERE state = 'queued' AND channel NOT IN ('smtp', 'console');
ALTER TABLE delivery DROP CONSTRAINT delivery_state_check;
ALTER TABLE delivery ADD CONSTRAINT delivery_state_check CHECK (state IN ('queued', 'sent', 'failed'));
CREATE INDEX delivery_under_way ON delivery (ticket) WHERE state = 'queued';
ALTER TABLE delivery DROP COLUMN urgent;
ALTER TABLE correspondence DROP COLUMN urgent;
