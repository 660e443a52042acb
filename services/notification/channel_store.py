"""What channels know of destinations: opt-outs and pace; receipts, calls and alarms."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.rows import texts
from services.notification.holding import admitted

OPTED_OUT = "SELECT mark FROM opt_out WHERE mark = ANY(%s::text[]) AND channel IN (%s, 'all')"
OPT_OUT = "INSERT INTO opt_out (mark, channel, by) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
OPT_IN = "DELETE FROM opt_out WHERE mark = %s AND (channel = %s OR %s = 'all')"
PACES = """
SELECT mark, next_at FROM pace WHERE channel = %s AND mark = ANY(%s::text[]) ORDER BY mark FOR UPDATE
"""
PACE = """
INSERT INTO pace (channel, mark, next_at) SELECT %s, * FROM unnest(%s::text[], %s::timestamptz[])
ON CONFLICT (channel, mark) DO UPDATE SET next_at = EXCLUDED.next_at
"""
GIVE_BACK = """
UPDATE pace SET next_at = next_at - given.times * make_interval(secs => %s)
FROM (SELECT mark, count(*) AS times FROM unnest(%s::text[]) AS m (mark) GROUP BY mark) given
WHERE channel = %s AND pace.mark = given.mark
"""
REST = "DELETE FROM pace WHERE next_at < %s"
AFTER = "SELECT after FROM receipt_mark WHERE channel = %s"
MARK = """
INSERT INTO receipt_mark (channel, after) VALUES (%s, %s)
ON CONFLICT (channel) DO UPDATE SET after = EXCLUDED.after
"""
AWAITED = """
SELECT key, ticket, state = 'handed' FROM delivery
WHERE key = ANY(%s::text[]) AND channel = %s AND state IN ('queued', 'handed')
"""
OVERDUE = """
UPDATE delivery SET state = 'sent' WHERE key IN
    (SELECT key FROM delivery WHERE state = 'handed' AND due_at < %s ORDER BY due_at LIMIT 1000)
"""
CALLS = """
SELECT d.key, d.ticket, d.destination, d.template, d.fields, d.attempt, d.due_at, d.error FROM delivery d
WHERE d.state = 'queued' AND d.channel = 'callback' ORDER BY d.due_at LIMIT %s
"""
TO_CALL = "SELECT attempt FROM delivery WHERE key = %s AND state = 'queued' AND channel = 'callback'"
CALLED = "INSERT INTO call (key, attempt, reached, by) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
MADE = """
SELECT d.ticket, d.key, d.attempt, c.reached FROM delivery d JOIN call c USING (key, attempt)
WHERE d.state = 'queued' AND d.channel = 'callback' LIMIT %s
"""
RAISE = """
INSERT INTO alarm (kind, about, said) VALUES (%s, %s, %s)
ON CONFLICT (kind, about) WHERE cleared_at IS NULL DO NOTHING
"""
CLEAR = "UPDATE alarm SET cleared_at = %s WHERE kind = %s AND about = %s AND cleared_at IS NULL"
ALARMS = """
SELECT kind, about, said, raised_at, cleared_at FROM alarm
WHERE %s OR cleared_at IS NULL ORDER BY no DESC LIMIT %s
"""
OPEN_ALARMS = "SELECT count(*) FROM alarm WHERE cleared_at IS NULL"
OF_TICKET = """
SELECT key, audience, template, channel, state, attempt, due_at, error FROM delivery
WHERE ticket = %s ORDER BY key
"""


class Awaited(Struct, frozen=True):
    """A message under way; `handed` where only its receipt is missing, else its sending is not noted yet."""

    ticket: str
    handed: bool


def opted_out(tx: Tx, channel: str, marks: Iterable[str]) -> set[str]:
    """Those of the fingerprints whose owners want nothing through the channel."""
    return {mark for (mark,) in tx.execute(OPTED_OUT, [texts(list(marks)), channel])}


def opt_out(tx: Tx, mark: str, channel: str, by: str) -> None:
    """Nothing goes through the channel (or `all`) to this fingerprint from now on."""
    tx.execute(OPT_OUT, [mark, channel, by])


def opt_in(tx: Tx, mark: str, channel: str) -> int:
    """Takes opt-outs back; returns how many there were."""
    return tx.execute(OPT_IN, [mark, channel, channel]).rowcount


def waits(tx: Tx, channel: str, marks: Sequence[str], now: datetime, rule: Mapping[str, Any]) -> list[float]:
    """For one message to each of `marks`, in order, the seconds it has to wait; 0 takes its share."""
    found: dict[str, datetime] = dict(tx.execute(PACES, [channel, texts(sorted(set(marks)))]).fetchall())
    seconds = []
    for mark in marks:
        found[mark], wait = admitted(found.get(mark), now, rule["seconds"], rule["burst"])
        seconds.append(wait)
    tx.execute(PACE, [channel, sorted(found), [found[mark] for mark in sorted(found)]])
    return seconds


def give_back(tx: Tx, channel: str, marks: Sequence[str], seconds: float) -> None:
    """What was not sent after all uses up no share."""
    tx.execute(GIVE_BACK, [seconds, texts(marks), channel])


def forget_pace(tx: Tx, now: datetime) -> None:
    """Drops what says nothing any more."""
    tx.execute(REST, [now])


def receipts_after(tx: Tx, channel: str) -> str:
    """Up to where the receipts have been read; empty at first."""
    row = tx.execute(AFTER, [channel]).fetchone()
    return str(row[0]) if row else ""


def receipts_read(tx: Tx, channel: str, after: str) -> None:
    """Notes up to where the receipts have taken effect."""
    tx.execute(MARK, [channel, after])


def awaited(tx: Tx, channel: str, keys: Sequence[str]) -> dict[str, Awaited]:
    """Those of the messages whose end on the channel is still open."""
    rows = tx.execute(AWAITED, [texts(keys), channel])
    return {key: Awaited(ticket, handed) for key, ticket, handed in rows}


def give_up_receipts(tx: Tx, now: datetime) -> None:
    """Messages whose receipt is overdue count as sent."""
    tx.execute(OVERDUE, [now])


def calls(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """The call-backs to make, those due first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(CALLS, [limit]).fetchall()


def called(tx: Tx, key: str, reached: bool, by: str) -> bool:
    """Notes that a call was made; False where there is none to make under this key."""
    row = tx.execute(TO_CALL, [key]).fetchone()
    return row is not None and tx.execute(CALLED, [key, row[0], reached, by]).rowcount == 1


def calls_made(tx: Tx, limit: int) -> list[tuple[str, str, int, bool]]:
    """(ticket, key, attempt, reached) of calls that have had no effect yet."""
    return [(row[0], row[1], row[2], row[3]) for row in tx.execute(MADE, [limit])]


def raise_alarm(tx: Tx, kind: str, about: str, said: str) -> bool:
    """Raises an alarm unless it stands already; whether it is new."""
    return tx.execute(RAISE, [kind, about, said]).rowcount == 1


def clear_alarm(tx: Tx, kind: str, about: str, now: datetime) -> None:
    """The alarm is over."""
    tx.execute(CLEAR, [now, kind, about])


def alarms(tx: Tx, everything: bool, limit: int) -> list[dict[str, Any]]:
    """Alarms that stand, or all of them; newest first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(ALARMS, [everything, limit]).fetchall()


def open_alarms(tx: Tx) -> int:
    """How many alarms stand."""
    row = tx.execute(OPEN_ALARMS).fetchone()
    return int(row[0]) if row else 0


def of_ticket(tx: Tx, ticket: str) -> list[dict[str, Any]]:
    """Where each message about a ticket stands."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(OF_TICKET, [ticket]).fetchall()
