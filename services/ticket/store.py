"""Load, save, and every SQL statement of the ticket service."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from psycopg.rows import dict_row

from chassis import policy
from chassis.database import Tx
from chassis.model import Changes, Stimulus
from chassis.policy import Known
from chassis.rows import as_json, from_json
from services.ticket.commands import Rule
from services.ticket.life import Ticket

COLUMNS = (
    "id, sequence, state, source, external_id, channel, severity, category, grid, requester_ref, "
    "lives_alone, received_at, due_at, assignment, assignee, assignee_kind, reworks, resolved, satisfaction"
)
LOAD = (
    f"SELECT to_json(t)::text FROM (SELECT {COLUMNS} FROM ticket WHERE id = ANY(%s) ORDER BY id FOR UPDATE) t"
)
SAVE = f"""
INSERT INTO ticket ({COLUMNS})
SELECT {COLUMNS} FROM json_populate_recordset(null::ticket, %s)
ON CONFLICT (id) DO UPDATE SET
    sequence = EXCLUDED.sequence, state = EXCLUDED.state, severity = EXCLUDED.severity,
    category = EXCLUDED.category, grid = EXCLUDED.grid, due_at = EXCLUDED.due_at,
    assignment = EXCLUDED.assignment, assignee = EXCLUDED.assignee, assignee_kind = EXCLUDED.assignee_kind,
    reworks = EXCLUDED.reworks, resolved = EXCLUDED.resolved, satisfaction = EXCLUDED.satisfaction
"""
SAVE_REQUESTS = """
INSERT INTO request (ticket, title, body, address, occurred_at)
SELECT ticket, title, body, address, occurred_at FROM json_populate_recordset(null::request, %s)
"""
SAVE_CONTACTS = """
INSERT INTO contact (ref, name, phone, email, language)
SELECT ref, name, phone, email, language FROM json_populate_recordset(null::contact, %s)
"""
SAVE_HISTORY = "COPY history (ticket, source, sequence, type, time, causationid, data) FROM STDIN"
REVEAL = "SELECT ref, name, phone, email, language FROM contact WHERE ref = ANY(%s)"
LOG_REVEAL = "INSERT INTO reveal (refs, purpose, who) VALUES (%s, %s, %s)"
SHOW = f"SELECT {COLUMNS} FROM ticket WHERE id = %s"
LIFE = "SELECT time, source, sequence, type, causationid, data FROM history WHERE ticket = %s ORDER BY no"


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Ticket]:
    """The tickets with these numbers, locked in the order of their numbers."""
    return {ticket.id: ticket for ticket in from_json(Ticket, tx.execute(LOAD, [list(keys)]))}


def know(tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, Ticket]) -> Known:
    """The time and the policies in force."""
    return Known(now, policy.in_force(tx, now))


def rules(known: Known) -> dict[str, Rule]:
    """The policies in the form in which commands carry them."""
    return {name: Rule(name, found.version, found.value) for name, found in known.policies.items()}


def save(tx: Tx, changes: Changes) -> None:
    """Writes tickets, what was said, who asked, and the history of the batch, set-wise."""
    tickets: Sequence[Ticket] = changes.states
    tx.execute(SAVE, [as_json([replace(ticket, intake=None) for ticket in tickets])])
    new = [ticket for ticket in tickets if ticket.intake]
    if new:
        tx.execute(SAVE_REQUESTS, [as_json([_request(ticket) for ticket in new])])
    contacts = [_contact(ticket) for ticket in new if ticket.intake and ticket.intake.requester]
    if contacts:
        tx.execute(SAVE_CONTACTS, [as_json(contacts)])
    with tx.cursor() as cursor, cursor.copy(SAVE_HISTORY) as copy:
        for fact in changes.facts:
            data = msgspec.json.encode(fact.data).decode()
            copy.write_row(
                (fact.partitionkey, fact.source, fact.number, fact.type, fact.time, fact.causationid, data)
            )


def _request(ticket: Ticket) -> dict[str, Any]:
    assert ticket.intake
    said = ticket.intake
    return {"ticket": ticket.id, "title": said.title, "body": said.body, "address": said.address,
            "occurred_at": said.occurred_at}  # fmt: skip


def _contact(ticket: Ticket) -> dict[str, Any]:
    assert ticket.intake
    assert ticket.intake.requester
    return {"ref": ticket.requester_ref, **msgspec.structs.asdict(ticket.intake.requester)}


def reveal(tx: Tx, refs: Sequence[str], purpose: str, who: str) -> list[dict[str, Any]]:
    """The contacts behind these refs; the look is logged in the same transaction."""
    tx.execute(LOG_REVEAL, [list(refs), purpose, who])
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(REVEAL, [list(refs)]).fetchall()


def show(tx: Tx, number: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """A ticket and its whole history, or None; without the requester's words and contact."""
    with tx.cursor(row_factory=dict_row) as cursor:
        ticket = cursor.execute(SHOW, [number]).fetchone()
        return (ticket, cursor.execute(LIFE, [number]).fetchall()) if ticket else None
