"""What is held about one person, and how it ends: told whole, erased on demand, or when its time is over."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg.rows import dict_row

from chassis.database import Tx
from services.ticket import order_store, store
from services.ticket.alike import likeness_store
from services.ticket.life import LIVE
from services.ticket.privacy import reveal_store, vault_store
from services.ticket.privacy.vault import Vault
from services.ticket.privacy.vault_store import AT_ONCE, CONTACT, REQUEST

FIND = "SELECT ref FROM contact WHERE phone_mark = ANY(%s) ORDER BY ref"
OPEN = """
SELECT id FROM ticket WHERE id = ANY(%(refs)s) AND state = ANY(%(live)s)
UNION ALL SELECT id FROM standing_order WHERE id = ANY(%(refs)s) AND state <> 'ended' ORDER BY 1
"""
FORGET_REQUESTS = "DELETE FROM request WHERE ticket = ANY(%s)"
FORGET_REMARKS = "DELETE FROM remark WHERE ticket = ANY(%s)"
FORGET_CONTACTS = "DELETE FROM contact WHERE ref = ANY(%s)"
FORGET_RELAYS = "DELETE FROM relay WHERE ref = ANY(%s)"
NOTE = "INSERT INTO erasure (who, reason, refs, contacts, requests) VALUES (%s, %s, %s, %s, %s)"
ERASURES = "SELECT at, who, reason, refs, contacts, requests FROM erasure ORDER BY at DESC LIMIT %s"
FORGET_PARKED = "SELECT forget_parked(%s, %s, %s, %s)"
PARKED_WITH = """
SELECT no FROM parked WHERE state = 'open'
  AND EXISTS (SELECT FROM unnest(%s::text[]) said WHERE position(convert_to(said, 'UTF8') IN body) > 0)
"""
# The time of a ticket, or of a standing order, begins with the last thing that happened to it after its end.
# Few requests are old and not over: those of what is open for very long, or was until lately.
EXPIRED = """
SELECT r.ticket FROM request r LEFT JOIN ticket t ON t.id = r.ticket
LEFT JOIN standing_order o ON o.id = r.ticket
WHERE r.recorded_at < %(before)s AND (t.state <> ALL(%(live)s) OR o.state = 'ended')
  AND NOT EXISTS (SELECT FROM history h WHERE h.ticket = r.ticket AND h.time >= %(before)s)
ORDER BY r.recorded_at LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED
"""


class Erased(Struct, frozen=True):
    """How many contacts, requests and bodies of parked messages are gone."""

    refs: list[str]
    contacts: int = 0
    requests: int = 0
    parked: int = 0


def refs_of(tx: Tx, vault: Vault, phone: str) -> list[str]:
    """The contacts with this number, found without opening any."""
    return [ref for (ref,) in tx.execute(FIND, [vault.marks(phone)])]


def still_open(tx: Tx, refs: Sequence[str]) -> list[str]:
    """Which of these tickets somebody still works on, and which of these standing orders have not ended."""
    return [number for (number,) in tx.execute(OPEN, {"refs": list(refs), "live": list(LIVE)})]


def parked_with(tx: Tx, spellings: Sequence[str]) -> list[int]:
    """Parked messages that wait for a decision and in which one of these texts stands."""
    return [no for (no,) in tx.execute(PARKED_WITH, [list(spellings)])]


def held(tx: Tx, vault: Vault, refs: Sequence[str]) -> list[dict[str, Any]]:
    """All that is held about the person behind these refs: contact, words, ticket, history, who has looked.

    Raises Locked.
    """
    return [_held(tx, vault, ref) for ref in refs]


def _held(tx: Tx, vault: Vault, ref: str) -> dict[str, Any]:
    document: dict[str, Any] = {"ref": ref}
    for shelf, statement in ((CONTACT, vault_store.CONTACTS), (REQUEST, vault_store.REQUESTS)):
        with tx.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(statement, [[ref]]).fetchone()
        document[shelf.table] = vault_store.opened(vault, shelf, row) if row else None
    order, shown = order_store.find(tx, ref), store.show(tx, ref)
    document["standing_order"] = order
    document["ticket"] = shown[0] if shown else None
    document["history"] = store.life(tx, ref)
    document["remarks"] = store.remarks(tx, lambda: vault, ref, of_requester=True)
    document["reveals"] = reveal_store.reveals(tx, ref, 100_000)
    return document


def erase(tx: Tx, refs: Sequence[str], who: str, reason: str) -> Erased:
    """Takes contacts, words and relay numbers out; the history stays, and names nobody. It goes on record."""
    requests = tx.execute(FORGET_REQUESTS, [list(refs)]).rowcount
    tx.execute(FORGET_REMARKS, [list(refs)])
    contacts = tx.execute(FORGET_CONTACTS, [list(refs)]).rowcount
    tx.execute(FORGET_RELAYS, [list(refs)])
    likeness_store.forget(tx, refs)
    tx.execute(NOTE, [who, reason, list(refs), contacts, requests])
    return Erased(list(refs), contacts, requests)


def erasures(tx: Tx, limit: int) -> list[dict[str, Any]]:
    """Who has erased what and why, the newest first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(ERASURES, [limit]).fetchall()


def forget_parked(tx: Tx, until: datetime, said: str | None, who: str, reason: str) -> int:
    """Empties messages parked before `until` and decided upon; with `said` only those with this text."""
    row = tx.execute(FORGET_PARKED, [until, said, who, reason]).fetchone()
    assert row is not None
    return int(row[0])


def expire(tx: Tx, now: datetime, days: int) -> Erased:
    """Anonymises the next tickets that have ended and rested for `days`."""
    values = {"before": now - timedelta(days=days), "live": list(LIVE), "limit": AT_ONCE}
    refs = [number for (number,) in tx.execute(EXPIRED, values)]
    return erase(tx, refs, "retention", f"{days} days after its end") if refs else Erased([])
