-- What the history comes to, counted behind its back (docs/adr/0060). depends: 0001_room

CREATE TABLE flow_mark (
    one        boolean     PRIMARY KEY DEFAULT true CHECK (one),
    upto       bigint      NOT NULL DEFAULT 0,
    newest     bigint      NOT NULL DEFAULT 0,
    settled_at timestamptz NOT NULL DEFAULT now(),
    since      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN flow_mark.upto IS 'the last row of the history that is counted; it moves with the counts';
COMMENT ON COLUMN flow_mark.newest IS 'how far the history was when it was last looked at, at settled_at';
COMMENT ON COLUMN flow_mark.since IS 'since when it is counted: it was empty then';
INSERT INTO flow_mark DEFAULT VALUES;

-- `grain`: slots of five minutes, of an hour, of a day in China; how long each is kept stands in the code.
CREATE TABLE flow_events (
    grain  text        NOT NULL CHECK (grain IN ('five', 'hour', 'day')),
    slot   timestamptz NOT NULL,
    type   text        NOT NULL,
    events integer     NOT NULL,
    PRIMARY KEY (grain, slot, type)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE flow_waits (
    grain  text        NOT NULL CHECK (grain IN ('five', 'hour', 'day')),
    slot   timestamptz NOT NULL,
    giver  text        NOT NULL,
    type   text        NOT NULL,
    bucket smallint    NOT NULL,
    events integer     NOT NULL,
    PRIMARY KEY (grain, slot, giver, type, bucket)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN flow_waits.giver IS 'who handed over: a service, the gateway, or outside (by the sender''s clock)';
COMMENT ON COLUMN flow_waits.type IS 'what came of it; its publisher is who took over';
COMMENT ON COLUMN flow_waits.bucket IS 'up to 2 ^ (bucket / 8) milliseconds';

-- How each ticket that waits is counted at the moment; one that waits no more is not here.
CREATE TABLE flow_open (
    ticket   text        PRIMARY KEY,
    path     text[]      NOT NULL,
    category text        NOT NULL,
    day      date        NOT NULL,
    fresh    boolean     NOT NULL,
    due_at   timestamptz,
    late     boolean     NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN flow_open.fresh IS 'its arrival is counted where it is; a reopened one''s was counted before';
CREATE INDEX flow_open_due ON flow_open (due_at) WHERE NOT late AND due_at IS NOT NULL;

-- A ticket counts once on each step of its way down the grid tree, so that a cell and what is below it is one range.
CREATE TABLE flow_heat (
    parent   text    NOT NULL,
    day      date    NOT NULL,
    cell     text    NOT NULL,
    category text    NOT NULL,
    received integer NOT NULL DEFAULT 0,
    done     integer NOT NULL DEFAULT 0,
    waiting  integer NOT NULL DEFAULT 0,
    late     integer NOT NULL DEFAULT 0,
    PRIMARY KEY (parent, day, cell, category)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN flow_heat.parent IS 'empty above the top; a cell is its own child for what lies in none below';
COMMENT ON COLUMN flow_heat.day IS 'the day in China of arrival; for done, of the end';
CREATE INDEX flow_heat_waiting ON flow_heat (parent) WHERE waiting > 0;
