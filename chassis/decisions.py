"""What a person decides about parked records: try again, give up, open again, take back; all goes on record.

Every decision takes records by number and returns those for which it could be made: so whoever makes it
twice, e.g. after a crash, changes nothing the second time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.delivery import OUTSIDE_EXCHANGE, Unreadable, again
from chassis.parked import UNREADABLE, ParkedError, entry
from chassis.rows import columns

EDITED = "edited"
"""The reason of records that keep an edited body; they were never parked themselves."""

CHOSEN = """
SELECT no, source, id, type, partitionkey, sequence, exchange, publisher, content_type, body, state
FROM parked WHERE no = ANY(%s) AND state = %s AND reason <> 'edited' ORDER BY no FOR UPDATE
"""
DECIDED = "UPDATE parked SET state = %s, history = history || %s WHERE no = ANY(%s)"
LINE_UP = """
INSERT INTO waiting (source, id, partitionkey, sequence, type, exchange, publisher, event, attempt, due_at)
SELECT source, id, partitionkey, sequence, type, exchange, publisher, event, 0,
       now() + make_interval(secs => %s::float * (place - 1))
FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[])
    WITH ORDINALITY AS again (source, id, partitionkey, sequence, type, exchange, publisher, event, place)
ON CONFLICT (source, id) DO UPDATE SET attempt = 0, due_at = EXCLUDED.due_at, event = EXCLUDED.event
"""
SKIP = """
INSERT INTO position (source, partitionkey, sequence)
SELECT %(source)s, %(partitionkey)s, %(sequence)s
WHERE %(sequence)s = 1 OR EXISTS (
    SELECT FROM position WHERE source = %(source)s AND partitionkey = %(partitionkey)s)
ON CONFLICT (source, partitionkey) DO UPDATE SET sequence = EXCLUDED.sequence
    WHERE position.sequence = EXCLUDED.sequence - 1
"""
PASSED = """
SELECT FROM position
WHERE source = %(source)s AND partitionkey = %(partitionkey)s AND sequence >= %(sequence)s
"""
WAKE = """
UPDATE waiting SET due_at = now() WHERE source = %(source)s AND partitionkey = %(partitionkey)s
    AND sequence = %(sequence)s + 1
"""
BACK = """
UPDATE position SET sequence = sequence - 1
WHERE source = %(source)s AND partitionkey = %(partitionkey)s AND sequence = %(sequence)s AND NOT EXISTS (
    SELECT FROM parked later WHERE later.source = %(source)s AND later.id = %(id)s AND later.no > %(no)s
       AND later.reason <> 'edited')
"""
"""Only while nothing behind it has taken effect; and a later record about the same event speaks for it."""
TAKE_BACK = "SELECT * FROM take_back(%s, %s)"
SUPERSEDED = """
SELECT p.no FROM parked p WHERE p.no = ANY(%s) AND p.partitionkey IS NOT NULL AND EXISTS (
    SELECT FROM parked later WHERE later.source = p.source AND later.id = p.id AND later.no > p.no
       AND later.reason <> 'edited')
"""
STATE = "SELECT state, reason, length(body), sequence FROM parked WHERE no = %s"
KEEP = """
INSERT INTO parked (source, id, type, partitionkey, sequence, exchange, publisher, content_type, body,
                    reason, detail, state, history)
VALUES (%(source)s, %(id)s, %(type)s, %(partitionkey)s, %(sequence)s, %(exchange)s, %(publisher)s,
        %(content_type)s, %(body)s, 'edited', %(detail)s, 'retried', %(history)s)
RETURNING no
"""

Record = Mapping[str, Any]


@dataclass(frozen=True)
class By:
    """Who decides and why; `job` where it is one of many decided together."""

    who: str
    reason: str
    job: int | None = None
    apart: float = 0.0
    """Seconds between one record that is tried again and the next."""

    def entry(self, what: str, **more: Any) -> Any:
        """The entry in a record's history."""
        return entry(what, self.who, self.reason, **({"job": self.job} if self.job else {}), **more)


def retried(tx: Tx, numbers: Sequence[int], by: By) -> list[int]:
    """Lets the service try open records again, each before all that waits behind it."""
    chosen = _chosen(tx, numbers, "open")
    _line_up(tx, chosen, by.apart)
    return _decided(tx, chosen, "retried", by.entry("retried"))


def archived(tx: Tx, numbers: Sequence[int], by: By) -> list[int]:
    """Gives open records up and skips them, so that their tickets' later events go on.

    One whose ticket has an earlier record open is left: that one is to be decided first.
    """
    chosen = sorted(_chosen(tx, numbers, "open"), key=lambda record: record["sequence"])
    return _decided(tx, [record for record in chosen if _skip(tx, record)], "archived", by.entry("archived"))


def restored(tx: Tx, numbers: Sequence[int], by: By) -> list[int]:
    """Opens archived records again, in their place: what waits behind them waits again.

    One whose ticket has gone on is left: an effect now would turn the order round.
    """
    whole = [record for record in _chosen(tx, numbers, "archived") if record["body"]]
    last_first = sorted(whole, key=lambda record: -record["sequence"])
    back = [each for each in last_first if not each["sequence"] or tx.execute(BACK, each).rowcount]
    return _decided(tx, back, "open", by.entry("restored"))


def recalled(tx: Tx, numbers: Sequence[int], by: By) -> list[int]:
    """Takes back what was to be tried again and has not taken effect: its record is open as before.

    What the service is trying at this moment, has done or has parked anew is left.
    """
    chosen = _chosen(tx, numbers, "retried")
    old = {no for (no,) in tx.execute(SUPERSEDED, [[record["no"] for record in chosen]])}
    keys = {_waits_as(record): record for record in chosen if record["no"] not in old}
    taken = tx.execute(TAKE_BACK, columns(list(keys), 2)).fetchall() if keys else []
    return _decided(tx, [keys[source, id_] for source, id_ in taken], "open", by.entry("recalled"))


DECISIONS: Mapping[str, Callable[[Tx, Sequence[int], By], list[int]]] = {
    "retry": retried,
    "archive": archived,
    "restore": restored,
    "recall": recalled,
}
STATES = {"retry": "open", "archive": "open", "restore": "archived", "recall": "retried"}
"""In which state a record has to be for each decision."""


def decide(tx: Tx, kind: str, no: int, by: By) -> None:
    """One decision (`retry`, `archive`, `restore`, `recall`) about one record; raises ParkedError."""
    if not DECISIONS[kind](tx, [no], by):
        raise ParkedError(_obstacle(tx, kind, no))


def edited(tx: Tx, no: int, body: bytes, type_: str, by: By) -> int:
    """Lets the service try an open record with another body, which has passed the gate; raises ParkedError.

    The record keeps its own body; the other is kept beside it, as the record whose number is returned.
    """
    chosen = _chosen(tx, [no], "open")
    if not chosen:
        raise ParkedError(_obstacle(tx, "retry", no))
    edition = {**chosen[0], "body": body, "type": type_}
    kept = {**edition, "detail": f"edition of {no}", "history": by.entry("edited", of=no)}
    row = tx.execute(KEEP, kept).fetchone()
    assert row is not None
    _line_up(tx, [edition])
    _decided(tx, chosen, "retried", by.entry("edited", edition=row[0]))
    return int(row[0])


def _chosen(tx: Tx, numbers: Sequence[int], state: str) -> list[dict[str, Any]]:
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(CHOSEN, [list(numbers), state]).fetchall()


def _decided(tx: Tx, records: Sequence[Record], state: str, said: Any) -> list[int]:
    numbers = [record["no"] for record in records]
    if numbers:
        tx.execute(DECIDED, [state, said, numbers])
    return numbers


def _line_up(tx: Tx, records: Sequence[Record], apart: float = 0.0) -> None:
    rows = [
        (*_waits_as(record), record["partitionkey"] or "", record["sequence"], record["type"] or "",
         record["exchange"], record["publisher"], _text(record["body"]))
        for record in records
    ]  # fmt: skip
    if rows:
        tx.execute(LINE_UP, [apart, *columns(rows, 8)])


def _text(body: bytes) -> str:
    """A body in the form in which text columns can hold it."""
    return bytes(body).decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _waits_as(record: Record) -> tuple[str, str]:
    """Its key in the waiting line.

    What nobody could read has no name of its own yet, and two such messages may claim the same one. What came
    from outside goes by its sender and words, since nobody has made sure yet whose its source is.
    """
    numbered = (UNREADABLE, str(record["no"]))
    if record["partitionkey"] is None:
        return numbered
    if record["exchange"] == OUTSIDE_EXCHANGE:
        found = again(OUTSIDE_EXCHANGE, record["publisher"], _text(record["body"]), 0, numbered)
        return numbered if isinstance(found, Unreadable) else found[0].ident
    return record["source"], record["id"]


def _skip(tx: Tx, record: Record) -> bool:
    """Moves the stream past the record; False while it has not come so far."""
    if not record["sequence"]:
        return True
    if tx.execute(SKIP, record).rowcount:
        tx.execute(WAKE, record)
        return True
    return bool(tx.execute(PASSED, record).fetchall())


def _obstacle(tx: Tx, kind: str, no: int) -> str:
    """Why a decision about a record cannot be made."""
    row = tx.execute(STATE, [no]).fetchone()
    if row is None:
        return f"there is no parked record {no} here"
    state, reason, size, sequence = row
    if reason == EDITED:
        return f"{no} only keeps an edited body; decide about the record that it is an edition of"
    if state != STATES[kind]:
        return f"parked record {no} is already {state}" if state != "open" else f"parked record {no} is open"
    if kind == "restore" and not size:
        return f"the body of record {no} was erased; nothing is left to try"
    return WHY[kind].format(no=no, sequence=sequence)


WHY = {
    "retry": "record {no} cannot be tried",
    "archive": "an earlier record of the same ticket is still open; decide that one first",
    "restore": "its ticket has gone on past event {sequence}; an effect now would turn the order round",
    "recall": "record {no} has been tried meanwhile, or is being tried at this moment",
}
