"""Which tickets are alike, in the database: keyed hashes of words and people, and what was found by them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.rows import unseen
from contracts.intake import RequestSubmitted
from services.ticket.alike import likeness
from services.ticket.commands import Match, Primary, Rule
from services.ticket.privacy.vault import Vault
from services.ticket.state import OPEN

# Two copies of a text that come at once, in two shards, must not both be the first: the second waits until
# the first is committed. Whoever takes several takes them in order; the next statement sees what that was.
TAKE = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
SAME = f"""
SELECT l.mark, l.who, t.id, t.state, t.category, t.severity, t.grid, t.received_at
FROM unnest({unseen("%s::bytea[]")}) AS asked (mark)
CROSS JOIN LATERAL (SELECT ticket, recorded_at, mark, who FROM likeness
                    WHERE mark = asked.mark AND recorded_at >= %s OFFSET 0) l
CROSS JOIN LATERAL (SELECT * FROM ticket WHERE id = l.ticket OFFSET 0) t
WHERE t.state = ANY(%s) AND t.desk ->> 'primary' IS NULL
ORDER BY l.recorded_at, l.ticket
"""
"""OFFSET 0 has the few with these words looked up one by one: the planner might begin with all open tickets,
or compare each row of a young table with each of the words."""
KEEP = """
INSERT INTO likeness (ticket, recorded_at, mark, who)
SELECT ticket, recorded_at, mark, who FROM json_populate_recordset(null::likeness, %s)
ON CONFLICT (ticket) DO NOTHING
"""
PRIMARIES = """
SELECT id, state, category, severity, grid, received_at, desk ->> 'primary' AS "primary"
FROM ticket WHERE id = ANY(%s)
"""
FORGET = """
WITH gone AS (DELETE FROM likeness WHERE ticket = ANY(%s) RETURNING ticket, recorded_at, lowest)
DELETE FROM likeness_low low USING gone
WHERE low.hash = ANY(gone.lowest) AND (low.recorded_at, low.ticket) = (gone.recorded_at, gone.ticket)
"""
OLD = """
SELECT ticket FROM likeness WHERE recorded_at < %s ORDER BY recorded_at LIMIT %s FOR UPDATE SKIP LOCKED
"""


class Print(Struct, frozen=True):
    """By what a new request is compared: keyed hashes under all keys, the newest first."""

    ticket: str
    marks: list[bytes]
    whos: list[bytes]
    at: datetime

    @property
    def mark(self) -> bytes:
        """The words, under the newest key."""
        return self.marks[0]

    @property
    def who(self) -> bytes | None:
        """The person, under the newest key."""
        return self.whos[0] if self.whos else None


class Looked(Struct, frozen=True):
    """The prints of a batch's new requests, and the open tickets that some of them are the same as."""

    prints: Mapping[str, Print]
    matches: Mapping[str, Match]


NOTHING = Looked({}, {})


def look(tx: Tx, vault: Vault, now: datetime, asked: Mapping[str, RequestSubmitted], rule: Rule) -> Looked:
    """Takes the prints of new requests, by ticket, and finds the open tickets with the very same words."""
    prints = {key: print_ for key, said in asked.items() if (print_ := _print(vault, now, key, said, rule))}
    if not prints or rule.value["exact"] != "merge":
        return Looked(prints, {})
    tx.execute(TAKE, [sorted({int.from_bytes(p.mark[:8], signed=True) for p in prints.values()})])
    marks = list({mark for print_ in prints.values() for mark in print_.marks})
    since = now - timedelta(days=rule.value["days"])
    with tx.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SAME, [marks, since, list(OPEN)]).fetchall()
    leading: dict[bytes, list[tuple[Primary, bytes | None]]] = {}
    for row in rows:
        mark, who = row.pop("mark"), row.pop("who")
        leading.setdefault(mark, []).append((Primary(**row), who))
    return Looked(prints, dict(_matched(prints, asked, leading)))


def _print(vault: Vault, now: datetime, key: str, said: RequestSubmitted, rule: Rule) -> Print | None:
    if said.channel not in rule.value["channels"]:
        return None
    text = likeness.compared(said.title, said.body, rule.value["least"])
    if text is None:
        return None
    who = likeness.who(said.requester)
    whos = vault.marks_of(f"who:{who}") if who else []
    return Print(key, vault.marks_of(f"words:{text}"), whos, now)


def _matched(
    prints: Mapping[str, Print],
    asked: Mapping[str, RequestSubmitted],
    leading: dict[bytes, list[tuple[Primary, bytes | None]]],
) -> Any:
    """Each with the first that fits it, among those before the batch and those before it in the batch."""
    for key, print_ in prints.items():
        said = asked[key]
        there = [one for mark in print_.marks for one in leading.get(mark, ())]
        found = next(((primary, who) for primary, who in there if _same_thing(primary, said)), None)
        if found:
            yield key, Match(found[0], found[1] is not None and found[1] in print_.whos)
        else:
            new = Primary(
                id=key, state="received", category=said.category, severity=said.severity, grid=said.grid,
                received_at=print_.at,
            )  # fmt: skip
            leading.setdefault(print_.mark, []).append((new, print_.who))


def _same_thing(primary: Primary, said: RequestSubmitted) -> bool:
    """Category and place say the same; where both are silent, the words themselves do."""
    return (primary.category, primary.grid) == (said.category, said.grid)


def rows(prints: Iterable[Print]) -> list[dict[str, Any]]:
    """By what these tickets are compared, as `KEEP` notes it."""
    return [
        {"ticket": p.ticket, "recorded_at": p.at, "mark": _hex(p.mark), "who": _hex(p.who)} for p in prints
    ]


def primaries(tx: Tx, numbers: Sequence[str]) -> dict[str, Primary]:
    """Tickets that others are to follow, as they are at this moment; not locked."""
    with tx.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(PRIMARIES, [list(numbers)]).fetchall()
    return {row["id"]: Primary(**row) for row in rows}


def forget(tx: Tx, numbers: Sequence[str]) -> None:
    """These tickets are compared with no other any more."""
    tx.execute(FORGET, [list(numbers)])


def forget_old(tx: Tx, before: datetime, limit: int) -> int:
    """The same for the oldest of those recorded before then; returns how many."""
    old = [ticket for (ticket,) in tx.execute(OLD, [before, limit])]
    forget(tx, old)
    return len(old)


def _hex(value: bytes | None) -> str | None:
    return f"\\x{value.hex()}" if value else None
