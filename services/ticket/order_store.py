"""Standing orders and visits in SQL: loaded, saved, and found when their time has come."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from psycopg.rows import dict_row

from chassis.database import Tx
from chassis.model import Changes
from chassis.rows import as_json, from_json, texts
from chassis.states import Table
from contracts import ticket
from contracts.intake import Requester
from services.ticket.orders import StandingOrder, Visit
from services.ticket.privacy import vault
from services.ticket.privacy.vault import Identity, Words
from services.ticket.privacy.vault_store import CONTACT, CONTACTS, REQUEST, REQUESTS, opened, sealed_row
from services.ticket.state import Intake

COLUMNS = "sequence, state, source, external_id, plan, requester_ref, seen, due_at"
ORDERS = Table("standing_order", StandingOrder, COLUMNS)
SAVE_WORDS = """
INSERT INTO request (ticket, key, sealed, recorded_at)
SELECT ticket, key, sealed, recorded_at FROM json_populate_recordset(null::request, %s)
ON CONFLICT (ticket) DO UPDATE SET
    key = EXCLUDED.key, sealed = EXCLUDED.sealed, recorded_at = EXCLUDED.recorded_at
"""
SAVE_CONTACTS = """
INSERT INTO contact (ref, key, sealed, phone_mark, language)
SELECT ref, key, sealed, phone_mark, language FROM json_populate_recordset(null::contact, %s)
ON CONFLICT (ref) DO UPDATE SET
    key = EXCLUDED.key, sealed = EXCLUDED.sealed, phone_mark = EXCLUDED.phone_mark,
    language = EXCLUDED.language
"""
SAVE_VISITS = """
INSERT INTO visit (standing_order, visit_at, kind, ticket, confirm_by, due_at)
SELECT standing_order, visit_at, kind, ticket, confirm_by, due_at
FROM json_populate_recordset(null::visit, %s) ON CONFLICT DO NOTHING
"""
ATTENDED = """
UPDATE visit SET due_at = CASE WHEN ticket = ANY(%(opened)s) THEN confirm_by END
WHERE ticket = ANY(%(opened)s) OR ticket = ANY(%(checked)s)
"""
DUE = """
SELECT id FROM standing_order WHERE due_at <= %s ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
VISITS_DUE = "SELECT ticket FROM visit WHERE due_at <= %s ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED"
VISITS = f"""
SELECT to_json(v)::text FROM (
    SELECT v.ticket, v.kind, v.visit_at, v.confirm_by,
           EXISTS (SELECT FROM ticket t WHERE t.id = v.ticket) AS opened,
           (SELECT to_json(o) FROM (SELECT {ORDERS.columns} FROM standing_order WHERE id = v.standing_order) o
           ) AS "order"
    FROM visit v WHERE v.ticket = ANY(%s)) v
"""
FIND = f"SELECT to_json(o)::text FROM (SELECT {ORDERS.columns} FROM standing_order WHERE id = %s) o"
LIST = f"""
SELECT to_json(o)::text FROM (SELECT {ORDERS.columns} FROM standing_order
WHERE (%(state)s::text IS NULL AND (%(all)s OR state <> 'ended') OR state = %(state)s)
  AND (%(grid)s::text IS NULL OR starts_with(plan->>'grid', %(grid)s))
  AND (%(category)s::text IS NULL OR plan->>'category' = %(category)s)
ORDER BY due_at NULLS LAST, id LIMIT %(limit)s) o
"""
VISITED = """
SELECT v.visit_at, v.kind, v.ticket, v.confirm_by, t.state FROM visit v LEFT JOIN ticket t ON t.id = v.ticket
WHERE v.standing_order = %s ORDER BY v.visit_at DESC, v.kind LIMIT %s
"""


def load(tx: Tx, numbers: Sequence[str]) -> dict[str, StandingOrder]:
    """The orders with these numbers, locked in the order of their numbers."""
    return ORDERS.load(tx, numbers)


def due(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Orders of which a visit has to become a ticket, locked."""
    return [number for (number,) in tx.execute(DUE, [now, limit])]


def visits_due(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets of visits that have to be opened, or must have been confirmed; their rows are locked."""
    return [number for (number,) in tx.execute(VISITS_DUE, [now, limit])]


def visits(tx: Tx, tickets: Sequence[str]) -> dict[str, Visit]:
    """The visits behind these tickets; of those to be opened also what is said and who is visited.

    Raises Locked.
    """
    found = from_json(Visit, tx.execute(VISITS, [texts(tickets)]))
    said = _said(tx, sorted({visit.order.id for visit in found if not visit.opened}))
    return {visit.ticket: replace(visit, said=said.get(visit.order.id)) for visit in found}


def _said(tx: Tx, numbers: Sequence[str]) -> dict[str, Intake]:
    """What the vault keeps of these orders; nothing of one that was erased."""
    if not numbers:
        return {}
    with tx.cursor(row_factory=dict_row) as cursor:
        contacts = {row["ref"]: row for row in cursor.execute(CONTACTS, [list(numbers)])}
        requests = cursor.execute(REQUESTS, [list(numbers)]).fetchall()
    return {row["ref"]: _intake(row, contacts.get(row["ref"])) for row in requests}


def _intake(request: Mapping[str, Any], contact: Mapping[str, Any] | None) -> Intake:
    words: Words = opened(vault.in_use(), REQUEST, request)
    who = None
    if contact:
        known: Identity = opened(vault.in_use(), CONTACT, contact)
        who = Requester(name=known.name, phone=known.phone, email=known.email, language=contact["language"])
    return Intake(title=words.title, body=words.body, address=words.address, requester=who)


def save(tx: Tx, changes: Changes) -> None:
    """Writes orders, what they say, the visits that follow from the batch, and those it has attended to."""
    orders = [state for state in changes.states if isinstance(state, StandingOrder)]
    if orders:
        ORDERS.save(tx, [replace(order, intake=None) for order in orders])
        _save_words(tx, [order for order in orders if order.intake], changes.known.now)
    known = changes.known
    if known.opened or known.checked:
        tx.execute(ATTENDED, {"opened": known.opened, "checked": known.checked})
    rows = [row for event in changes.facts if (row := _visit(event.partitionkey, event.data, known.now))]
    if rows:
        tx.execute(SAVE_VISITS, [as_json(rows)])


def _save_words(tx: Tx, orders: Sequence[StandingOrder], now: datetime) -> None:
    requests, contacts = [], []
    for order in orders:
        said = order.intake
        assert said
        words = Words(title=said.title, body=said.body, address=said.address)
        if said.title:
            requests.append(sealed_row(vault.in_use(), REQUEST, order.id, words) | {"recorded_at": now})
        if who := said.requester:
            identity = Identity(name=who.name, phone=who.phone, email=who.email)
            row = sealed_row(vault.in_use(), CONTACT, order.id, identity)
            contacts.append(row | {"language": who.language})
    if requests:
        tx.execute(SAVE_WORDS, [as_json(requests)])
    if contacts:
        tx.execute(SAVE_CONTACTS, [as_json(contacts)])


def _visit(key: str, fact: Any, now: datetime) -> dict[str, Any] | None:
    """The row of a visit that becomes a ticket, or of a welfare check."""
    if isinstance(fact, ticket.VisitDue):
        return {"standing_order": key, "visit_at": fact.visit_at, "kind": "visit", "ticket": fact.ticket,
                "confirm_by": fact.confirm_by, "due_at": now}  # fmt: skip
    if isinstance(fact, ticket.VisitMissed):
        return {"standing_order": fact.order, "visit_at": fact.visit_at, "kind": "welfare_check",
                "ticket": fact.welfare_check, "confirm_by": None, "due_at": now}  # fmt: skip
    return None


def find(tx: Tx, number: str) -> StandingOrder | None:
    """An order as it stands, or None."""
    found = from_json(StandingOrder, tx.execute(FIND, [number]))
    return found[0] if found else None


def listed(tx: Tx, wanted: dict[str, Any], limit: int) -> list[StandingOrder]:
    """Orders that fit all of `wanted` (state, grid, category; None fits every one), the next visit first.

    Where no state is named, those that have not ended, unless `wanted["all"]`.
    """
    return from_json(StandingOrder, tx.execute(LIST, wanted | {"limit": limit}))


def visited(tx: Tx, number: str, limit: int) -> list[dict[str, Any]]:
    """The visits and welfare checks that became tickets, and the state of these, the newest first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(VISITED, [number, limit]).fetchall()
