"""What the ledgers of all services say of this moment; every question keeps to an index, or to few rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg import sql
from psycopg.rows import class_row

from chassis import pause
from chassis.database import Tx
from contracts.registry import LEDGERS
from services.console.now.finding import SHOWN, Affected, TicketRef
from services.console.now.seen import (
    Blocked,
    ChannelAlarm,
    Hears,
    Ledger,
    ParkedGroup,
    Restart,
    Store,
)

MANY = 5_000
"""Who waits is counted up to here."""
ENDED = ["closed", "declined", "transferred", "cancelled", "merged"]
URGENT = ["urgent", "emergency"]

LEDGER = """
SELECT {name} AS service, w.waiting, w.gaps, w.gap_since, w.retries_due, w.waiting_since, w.overdue_seconds,
       o.unsent, o.unsent_since, p.parked, p.parked_since, s.taken, s.sent, a.silent_seconds
FROM (SELECT count(*) AS waiting, count(*) FILTER (WHERE due_at IS NULL) AS gaps,
             min(since) FILTER (WHERE due_at IS NULL) AS gap_since,
             count(*) FILTER (WHERE due_at <= now()) AS retries_due, min(since) AS waiting_since,
             greatest(coalesce(extract(epoch FROM now() - min(due_at)), 0), 0)::float AS overdue_seconds
      FROM (SELECT since, due_at FROM {schema}.waiting LIMIT 100000) w) w,
     (SELECT count(*) AS unsent, min(created_at) AS unsent_since
      FROM (SELECT created_at FROM {schema}.outbox WHERE sent_at IS NULL LIMIT 100000) o) o,
     (SELECT count(*) AS parked, min(parked_at) AS parked_since
      FROM (SELECT parked_at FROM {schema}.parked WHERE state = 'open' LIMIT 100000) p) p,
     (SELECT coalesce(sum(n_tup_ins + n_tup_upd) FILTER (WHERE relname = 'position' OR relname ~ '^inbox_'),
                      0)::bigint AS taken,
             coalesce(sum(n_tup_ins) FILTER (WHERE relname ~ '^outbox_'), 0)::bigint AS sent
      FROM pg_stat_user_tables WHERE schemaname = {name}) s,
     (SELECT greatest(coalesce(extract(epoch FROM clock_timestamp() - max(seen_at)), 0),
                      0)::float AS silent_seconds
      FROM {schema}.alive) a
"""
PARKED = """
SELECT {name} AS service, coalesce(type, '') AS type, reason, count(*) AS count, min(parked_at) AS since
FROM (SELECT type, reason, parked_at FROM {schema}.parked
      WHERE state = 'open' ORDER BY parked_at LIMIT 10000) p
GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 20
"""
PAUSES = f"""
SELECT no, part, shard, channel, since, until, who, reason FROM {{schema}}.pause
WHERE {pause.IN_FORCE} ORDER BY no
"""
KEYS_UNSENT = """
SELECT DISTINCT event ->> 'partitionkey'
FROM (SELECT body FROM {schema}.outbox WHERE sent_at IS NULL ORDER BY id LIMIT %s) o, json_array_elements(
    CASE WHEN starts_with(body, '[') THEN body::json ELSE json_build_array(body::json) END) AS event
"""
KEYS_PARKED = """
SELECT DISTINCT partitionkey FROM (
    SELECT partitionkey FROM {schema}.parked
    WHERE state = 'open' AND coalesce(type, '') = %s AND reason = %s AND partitionkey IS NOT NULL LIMIT %s) k
"""
KEYS_WAITING = """
SELECT DISTINCT partitionkey FROM (
    SELECT partitionkey FROM {schema}.waiting WHERE (due_at IS NULL) = %s LIMIT %s) w
"""
KEYS_NOTIFIED = """
SELECT DISTINCT ticket FROM (
    SELECT ticket FROM notification.delivery WHERE state = 'queued' AND channel = %s LIMIT %s) d
"""
AFFECTED = """
SELECT id, severity, state, grid, due_at, count(*) OVER (), count(*) FILTER (WHERE severity = ANY(%s)) OVER ()
FROM ticket.ticket WHERE id = ANY(%s) AND state <> ALL(%s)
ORDER BY severity = ANY(%s) DESC, due_at NULLS LAST, id LIMIT %s
"""
BLOCKED = """
WITH open AS MATERIALIZED (
    SELECT id FROM ticket.ticket WHERE alarm_at IS NOT NULL AND state IN ('accepted', 'dispatching')
    ORDER BY alarm_at LIMIT 5000),
stuck AS MATERIALIZED (
    SELECT c.id, c.grid FROM open JOIN dispatch."case" c USING (id) WHERE c.state = 'blocked' LIMIT 500)
SELECT grid, reason, array_agg(id ORDER BY id) AS tickets, min(at) AS since
FROM stuck CROSS JOIN LATERAL (
    SELECT data ->> 'reason' AS reason, time AS at FROM ticket.history
    WHERE ticket = stuck.id AND type = 'cn.fengge.dispatch.DispatchBlocked.v1' ORDER BY no DESC LIMIT 1) told
GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 10
"""
CHANNELS = """
SELECT kind, about, raised_at AS since FROM notification.alarm
WHERE cleared_at IS NULL ORDER BY no DESC LIMIT 20
"""
STORE = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       current_setting('max_connections')::int AS most_connections,
       (SELECT count(*) FROM pg_stat_replication) AS replicas,
       coalesce((SELECT extract(epoch FROM clock_timestamp() - min(waitstart)) FROM pg_locks
                 WHERE NOT granted), 0)::float AS locked_seconds
"""
HEARS = """
SELECT split_part(b ->> 'destination', '.', 1), split_part(b ->> 'source', '.', 1)
FROM console.topology, jsonb_array_elements(declared -> 'bindings') b
WHERE b ->> 'source' LIKE '%.events' GROUP BY 1, 2 ORDER BY 1, 2
"""
SHARDS = "SELECT name, shards FROM console.topology WHERE shards > 0 ORDER BY name"
STILL_WANTED = "asked_at > now() - interval '10 minutes'"
"""Afterwards the trouble is another one; nobody shall be surprised by what was asked for long ago."""
RESTART = f"service, who, reason, asked_at, taken_at, {STILL_WANTED} AS wanted"
RESTARTS = f"SELECT {RESTART} FROM console.restart WHERE taken_at IS NULL AND {STILL_WANTED} ORDER BY no"
REMEMBER = """
INSERT INTO console.sighting (key, first_seen, last_seen)
SELECT key, %(at)s, %(at)s FROM unnest(%(keys)s::text[]) AS seen (key) ORDER BY key
ON CONFLICT (key) DO UPDATE SET last_seen = greatest(sighting.last_seen, EXCLUDED.last_seen)
RETURNING key, first_seen
"""
FORGET = "DELETE FROM console.sighting WHERE last_seen < %s - make_interval(secs => %s)"

GONE_AFTER = 12.0
"""Seconds after which a cause that nobody has seen again is over."""


def inside(tx: Tx, service: str) -> None:
    """Lets the chassis' own functions look in the schema of `service` until the transaction ends."""
    tx.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(service)))


def named(statement: str, schema: str) -> sql.Composed:
    """A statement about the ledger of one service."""
    names = {"schema": sql.Identifier(schema), "name": sql.Literal(schema)}
    return sql.SQL(statement).format(**names)


def ledgers(tx: Tx) -> tuple[Ledger, ...]:
    """The ledger of each service in numbers."""
    with tx.cursor(row_factory=class_row(Ledger)) as cursor:
        return tuple(row for name in LEDGERS for row in cursor.execute(named(LEDGER, name)).fetchall())


def parked(tx: Tx) -> tuple[ParkedGroup, ...]:
    """What waits for a person, grouped."""
    with tx.cursor(row_factory=class_row(ParkedGroup)) as cursor:
        return tuple(row for name in LEDGERS for row in cursor.execute(named(PARKED, name)).fetchall())


def pauses(tx: Tx) -> tuple[tuple[str, pause.Pause], ...]:
    """What operators have paused, by service."""
    with tx.cursor(row_factory=class_row(pause.Pause)) as cursor:
        return tuple(
            (name, row) for name in LEDGERS for row in cursor.execute(named(PAUSES, name)).fetchall()
        )


def blocked(tx: Tx) -> tuple[Blocked, ...]:
    """Tickets near their deadlines that nobody can be asked about, by cell."""
    rows = tx.execute(BLOCKED).fetchall()
    return tuple(
        Blocked(grid=grid or "", reason=reason or "", tickets=tuple(tickets), since=since)
        for grid, reason, tickets, since in rows
    )


def channels(tx: Tx) -> tuple[ChannelAlarm, ...]:
    """Alarms of the ways of notifying that stand."""
    with tx.cursor(row_factory=class_row(ChannelAlarm)) as cursor:
        return tuple(cursor.execute(CHANNELS).fetchall())


def restarts(tx: Tx) -> tuple[Restart, ...]:
    """What operators want started anew and nobody has taken yet."""
    with tx.cursor(row_factory=class_row(Restart)) as cursor:
        return tuple(cursor.execute(RESTARTS).fetchall())


def database(tx: Tx) -> Store:
    """How the database itself is."""
    with tx.cursor(row_factory=class_row(Store)) as cursor:
        found = cursor.execute(STORE).fetchone()
    assert found is not None
    return found


def hears(tx: Tx) -> Hears:
    """Who takes in whose facts, as it was declared."""
    found: dict[str, list[str]] = {}
    for subscriber, publisher in tx.execute(HEARS.encode()):
        found.setdefault(subscriber, []).append(publisher)
    return found


def shards(tx: Tx) -> dict[str, int]:
    """How many shards each service has, as it was declared."""
    return {str(name): int(number) for name, number in tx.execute(SHARDS)}


def keys_unsent(tx: Tx, services: Sequence[str]) -> list[str]:
    """What the messages are about that have not got out."""
    rows = [row for name in services for row in tx.execute(named(KEYS_UNSENT, name), [MANY])]
    return sorted({key for (key,) in rows if key})


def keys_parked(tx: Tx, service: str, type_: str, reason: str) -> list[str]:
    """What open parked records are about."""
    return [key for (key,) in tx.execute(named(KEYS_PARKED, service), [type_, reason, MANY])]


def keys_waiting(tx: Tx, service: str, *, gap: bool) -> list[str]:
    """What waits behind a gap, or for its next try."""
    return [key for (key,) in tx.execute(named(KEYS_WAITING, service), [gap, MANY])]


def keys_notified(tx: Tx, channel: str) -> list[str]:
    """Of which tickets somebody is still to be told through a channel."""
    return [key for (key,) in tx.execute(KEYS_NOTIFIED, [channel, MANY])]


def affected(tx: Tx, keys: Sequence[str]) -> Affected:
    """The open ones of these tickets, the urgent first."""
    if not keys:
        return Affected()
    rows = tx.execute(AFFECTED, [URGENT, list(keys), ENDED, URGENT, SHOWN]).fetchall()
    if not rows:
        return Affected()
    tickets = tuple(
        TicketRef(id=row[0], severity=row[1], state=row[2], grid=row[3], due_at=row[4]) for row in rows
    )
    return Affected(count=rows[0][5], urgent=rows[0][6], at_least=len(keys) >= MANY, tickets=tickets)


def remember(tx: Tx, keys: Sequence[str], at: datetime) -> Mapping[str, datetime]:
    """Since when each cause has been seen; forgets those that have not been seen for a while."""
    since: dict[str, datetime] = (
        dict(tx.execute(REMEMBER, {"keys": list(keys), "at": at}).fetchall()) if keys else {}
    )
    tx.execute(FORGET, [at, GONE_AFTER])
    return since
