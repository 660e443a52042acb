ALTER TABLE correspondence DROP source, DROP external_id, DROP contacted_at, DROP follows;
DROP INDEX webhook_old, webhook_number;
CREATE INDEX webhook_old ON webhook_message (made_at) WHERE state <> 'queued';
ALTER TABLE webhook_message DROP no;
UPDATE webhook_message SET state = 'dropped' FROM subscriber s
WHERE s.id = webhook_message.subscriber AND webhook_message.state = 'queued'
  AND (s.owner IS NOT NULL OR s.sources IS NOT NULL OR s.grids <> '{}' OR s.hotline IS NOT NULL);
UPDATE subscriber SET state = 'disabled', reason = 'made by a later version'
WHERE owner IS NOT NULL OR sources IS NOT NULL OR grids <> '{}' OR hotline IS NOT NULL;
ALTER TABLE subscriber DROP owner, DROP sources, DROP grids, DROP hotline, DROP vouched;
