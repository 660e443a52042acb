-- Devices, the ticket each of them has, and when its alarm is raised again (docs/adr/0018). depends: 0005_vault

CREATE TABLE sensor (
    source         text        NOT NULL,
    device         text        NOT NULL,
    kind           text,
    state          text,
    ticket         text,
    offline_ticket text,
    again_at       timestamptz,
    PRIMARY KEY (source, device)
);
CREATE INDEX sensor_again ON sensor (again_at) WHERE again_at IS NOT NULL;
COMMENT ON COLUMN sensor.state IS 'raised, cleared, offline: what was heard last';
COMMENT ON COLUMN sensor.ticket IS 'the ticket of the last alarm; open, it takes a burst';
COMMENT ON COLUMN sensor.again_at IS 'when its alarm is raised again; NULL: somebody has reacted, or it is over';
GRANT SELECT, INSERT, UPDATE ON sensor TO ticket;

-- By severity, category and source: how long an alarm waits for somebody; and the category of mending a device.
INSERT INTO policy (name, version, valid_from, value) VALUES
    ('sensors', 1, '-infinity', '{"emergency": "5min", "urgent": "5min", "general": "5min",
        "maintenance": "sensor_maintenance"}');
