"""Load, save, and every SQL statement of the ticket service."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from psycopg.rows import dict_row

from chassis import policy
from chassis.database import Tx
from chassis.model import Changes, Stimulus
from chassis.rows import as_copy, as_json
from chassis.states import Table
from contracts.cloudevent import CloudEvent
from contracts.intake import MergeOrdered, RequestSubmitted
from contracts.numbering import ORDER
from contracts.ticket import Suggested
from contracts.worktime import Calendar
from services.ticket import calendar, letter_store, order_store, place_store, sensor_store, suggesting
from services.ticket.alike import likeness_store
from services.ticket.alike.likeness_store import NOTHING, Looked, Print
from services.ticket.commands import Primary, Rule
from services.ticket.completing import all_completed
from services.ticket.letters import Letter
from services.ticket.orders import SOURCE, StandingOrder, Visit
from services.ticket.place.coordinates import spoken
from services.ticket.place.gazetteer import Found
from services.ticket.privacy import vault
from services.ticket.privacy.vault import Identity, Note, Vault, Words
from services.ticket.privacy.vault_store import CONTACT, REMARK, REQUEST, opened, sealed_row
from services.ticket.state import Ticket

COLUMNS = (
    "sequence, state, source, external_id, channel, severity, category, grid, requester_ref, "
    "lives_alone, received_at, clock, due_at, alarm_at, assignment, assignee, assignee_kind, reworks, "
    "resolved, satisfaction, since, span, closed_at, desk"
)
TICKETS = Table("ticket", Ticket, COLUMNS)
prove = TICKETS.prove
SAVE_REQUESTS = f"""
WITH contacts AS (
    INSERT INTO contact (ref, key, sealed, phone_mark, language)
    SELECT ref, key, sealed, phone_mark, language FROM json_populate_recordset(null::contact, %s)),
prints AS ({likeness_store.KEEP})
INSERT INTO request (ticket, key, sealed, occurred_at, recorded_at)
SELECT ticket, key, sealed, occurred_at, recorded_at FROM json_populate_recordset(null::request, %s)
"""
"""What was said, who said it, and by what it is compared."""
SAVE_REMARKS = """
INSERT INTO remark (ref, ticket, at, role, by, internal, key, sealed)
SELECT ref, ticket, at, role, by, internal, key, sealed FROM json_populate_recordset(null::remark, %s)
"""
SAVE_HISTORY = "COPY history (ticket, source, sequence, type, time, causationid, data) FROM STDIN"
DUE = """
SELECT id FROM ticket WHERE alarm_at <= %s ORDER BY alarm_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
SHOW = f"SELECT {TICKETS.columns} FROM ticket WHERE id = %s"
REMARKS = """
SELECT ref, at, role, by, internal, key, sealed FROM remark
WHERE ticket = %s AND (role = 'requester') = %s ORDER BY at, ref
"""
LIFE = "SELECT time, source, sequence, type, causationid, data FROM history WHERE ticket = %s ORDER BY no"


@dataclass
class Known(policy.Known):
    """What every decision of a batch knows; of other tickets only what its events ask for."""

    rules: Mapping[str, Rule]
    calendar: Calendar
    found: Mapping[str, Found] = field(default_factory=dict)
    suggested: Mapping[str, Suggested] = field(default_factory=dict)
    """What was found out about the places and the categories of new requests."""
    looked: Looked = NOTHING
    primaries: Mapping[str, Primary] = field(default_factory=dict)
    letters: Mapping[str, Sequence[Letter]] = field(default_factory=dict)
    visits: Mapping[str, Visit] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    """Visits that the batch has made tickets."""
    checked: list[str] = field(default_factory=list)
    """Visits that the batch has asked whether they are confirmed."""


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Any]:
    """The tickets and standing orders with these numbers, locked in the order of their numbers."""
    orders = [key for key in keys if key.startswith(ORDER)]
    found: dict[str, Any] = dict(order_store.load(tx, orders)) if orders else {}
    if len(orders) < len(keys):
        found |= TICKETS.load(tx, keys)
    return found


def address(tx: Tx, stimuli: Sequence[Stimulus]) -> Sequence[Stimulus]:
    """Which ticket an event of a device is about only its ledger knows; all others stay as they are."""
    return sensor_store.address(tx, stimuli)


def know(tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, Any]) -> Known:
    """The time, the policies in force as the rules that commands carry, and what matters of other tickets."""
    policies = policy.in_force(tx)
    rules = {name: Rule(name, found.version, found.value) for name, found in policies.items()}
    known = Known(now, policies, rules, calendar.in_force(tx))
    said = [(stimulus.key, stimulus.event.data) for stimulus in stimuli if stimulus.event]
    new = {key: data for key, data in said if type(data) is RequestSubmitted and key not in states}
    if new:
        known.found = place_store.find(tx, new)
        known.suggested = suggesting.suggested(new, rules["emergency_lines"].value)
        new = all_completed(new, known.found, known.suggested)
        known.looked = likeness_store.look(tx, vault.in_use(), now, new, rules["duplicates"])
    wanted = [data.primary for _, data in said if type(data) is MergeOrdered]
    if wanted:
        known.primaries = likeness_store.primaries(tx, wanted)
    if len(said) < len(stimuli):
        _know_what_timers_mean(tx, {one.key for one in stimuli if not one.event}, states, known)
    return known


def _know_what_timers_mean(tx: Tx, keys: set[str], states: Mapping[str, Any], known: Known) -> None:
    known.letters = letter_store.letters_for(tx, list(keys))
    if visits := [key for key in keys if _may_be_visit(states.get(key))]:
        known.visits = order_store.visits(tx, visits)


def _may_be_visit(state: Ticket | StandingOrder | None) -> bool:
    """A timer means a ticket that is not there yet, or one that was a visit from the start."""
    return state is None or (isinstance(state, Ticket) and state.source == SOURCE)


def save(tx: Tx, changes: Changes) -> list[Ticket]:
    """Writes tickets, orders, what was said, who asked, and the history of the batch, set-wise."""
    tickets = [state for state in changes.states if isinstance(state, Ticket)]
    known: Known = changes.known
    saved = TICKETS.save(tx, [_lasting(ticket) for ticket in tickets])
    if len(tickets) < len(changes.states) or known.visits:
        order_store.save(tx, changes)
    if tickets:
        _save_what_was_said(tx, tickets, known)
        if any(ticket.channel == "sensor" for ticket in tickets):
            sensor_store.save(tx, tickets, changes)
    with tx.cursor() as cursor, cursor.copy(SAVE_HISTORY) as copy:
        copy.write(as_copy(_recorded(fact) for fact in changes.facts))
    return saved


def _save_what_was_said(tx: Tx, tickets: Sequence[Ticket], known: Known) -> None:
    if new := [ticket for ticket in tickets if ticket.intake]:
        _save_requests(tx, new, known.looked.prints)
    remarks = [row for ticket in tickets for row in _remarks(ticket)]
    if remarks:
        tx.execute(SAVE_REMARKS, [as_json(remarks)])
    letters = [letter for ticket in tickets for letter in ticket.letters]
    if letters:
        letter_store.post(tx, letters)
    read = [number for ticket in tickets for number in ticket.read]
    if read:
        letter_store.done(tx, read)


def _lasting(ticket: Ticket) -> Ticket:
    """Without what lives only in this transaction."""
    if ticket.intake or ticket.remarks or ticket.letters or ticket.read:
        return replace(ticket, intake=None, remarks=(), letters=(), read=())
    return ticket


def _save_requests(tx: Tx, new: Sequence[Ticket], prints: Mapping[str, Print]) -> None:
    contacts = [_contact(ticket) for ticket in new if ticket.intake and ticket.intake.requester]
    compared = likeness_store.rows(prints[ticket.id] for ticket in new if ticket.id in prints)
    rows = [contacts, compared, [_request(ticket) for ticket in new]]
    tx.execute(SAVE_REQUESTS, [as_json(each) for each in rows])


def _recorded(fact: CloudEvent[Any]) -> tuple[str, ...]:
    data = msgspec.json.encode(fact.data).decode()
    when = fact.time.isoformat()
    return fact.partitionkey, fact.source, fact.sequence or "0", fact.type, when, fact.causationid, data


def _request(ticket: Ticket) -> dict[str, Any]:
    assert ticket.intake
    said = ticket.intake
    words = Words(title=said.title, body=said.body, address=said.address, location=spoken(said.location))
    row = sealed_row(vault.in_use(), REQUEST, ticket.id, words)
    return row | {"occurred_at": said.occurred_at, "recorded_at": ticket.received_at}


def _remarks(ticket: Ticket) -> Iterator[dict[str, Any]]:
    """Each under the number of the last fact of its batch, which no other batch has."""
    for place, remark in enumerate(ticket.remarks):
        ref = f"{ticket.id}/{ticket.sequence}.{place}"
        about = {"ticket": ticket.id, "at": remark.at, "role": remark.by.role, "by": remark.by.id}
        row = sealed_row(vault.in_use(), REMARK, ref, Note(words=remark.words))
        yield row | about | {"internal": remark.internal}


def _contact(ticket: Ticket) -> dict[str, Any]:
    assert ticket.intake
    assert ticket.intake.requester
    assert ticket.requester_ref
    who = ticket.intake.requester
    identity = Identity(name=who.name, phone=who.phone, email=who.email)
    return sealed_row(vault.in_use(), CONTACT, ticket.requester_ref, identity) | {"language": who.language}


def due(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets with a deadline, or its warning, whose time has come, the longest overdue first; locked."""
    return [number for (number,) in tx.execute(DUE, [now, limit])]


def show(tx: Tx, number: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """A ticket and its whole history, or None; without the requester's words and contact."""
    with tx.cursor(row_factory=dict_row) as cursor:
        ticket = cursor.execute(SHOW, [number]).fetchone()
        return (ticket, life(tx, number)) if ticket else None


def life(tx: Tx, number: str) -> list[dict[str, Any]]:
    """The whole history of a ticket or a standing order, oldest first."""
    with tx.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(LIFE, [number]).fetchall()


def remarks(
    tx: Tx, keys: Callable[[], Vault], number: str, *, of_requester: bool = False
) -> list[dict[str, Any]]:
    """What the desk and assignees have noted on a ticket, or what its requester has added, oldest first.

    Raises Locked.
    """
    with tx.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(REMARKS, [number, of_requester]).fetchall()
    told = ("at", "role", "by", "internal")
    return [{name: row[name] for name in told} | {"words": opened(keys(), REMARK, row).words} for row in rows]
