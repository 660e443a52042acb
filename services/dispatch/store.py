"""Load, know, save, and the SQL of dispatch cases (the directory's own SQL is in `directory/store.py`)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chassis import policy
from chassis.database import Tx
from chassis.model import Changes, Stimulus
from chassis.rows import as_json, columns, texts
from chassis.states import Table
from contracts import intake, ticket
from contracts.numbering import ROTA
from contracts.terms import CHINA
from services.dispatch import (
    candidate_store,
    catalogue_store,
    chain_store,
    objection_store,
    quota_store,
    rota_store,
)
from services.dispatch.case import Case
from services.dispatch.filters import Option
from services.dispatch.lists import NO_LISTS, Lists
from services.dispatch.pool import Known, Moved, Place
from services.dispatch.watching import Watch

COLUMNS = (
    "sequence, state, category, grid, severity, hop, assignment, assignee, kind, unit, contract, "
    "expires_at, contact_due_at, tried, returns, return_until, bound, mode, "
    "claimed, beside, contract_month, calls, arrive_by"
)
CASES = Table('"case"', Case, COLUMNS)
prove = CASES.prove
SAVE_OUTCOMES = """
INSERT INTO outcome (ticket, assignment, at, text, evidence)
SELECT ticket, assignment, at, text, evidence FROM json_populate_recordset(null::outcome, %s)
"""
EXPIRED = 'SELECT id FROM "case" WHERE expires_at <= %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED'
UNARRIVED = """
SELECT id FROM "case" WHERE arrive_by <= %s ORDER BY arrive_by LIMIT %s FOR UPDATE SKIP LOCKED
"""
STANDS = """
SELECT coalesce((SELECT edition FROM catalogue_change ORDER BY no DESC LIMIT 1), 0),
       EXISTS (SELECT FROM ruling), ARRAY(SELECT code FROM cell WHERE code = ANY(%s) AND active)
"""
"""The edition of the lists, whether anything was ever ruled, and which of these grids there are."""
LAST_RESORT = """
SELECT cell FROM assignee JOIN cell c ON c.code = assignee.cell
WHERE kind = 'community_desk' AND assignee.active ORDER BY cardinality(c.path), cell LIMIT 1
"""
MOVE_LOADS = """
WITH moved AS (
         SELECT * FROM unnest(%s::text[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[])
             AS m (assignee, open, taken, asked, contacts, in_time)),
     locked AS (
         SELECT l.assignee FROM assignee_load l JOIN moved USING (assignee)
         ORDER BY l.assignee FOR UPDATE OF l)
UPDATE assignee_load l SET open = greatest(l.open + m.open, 0), taken = l.taken + m.taken,
    recent = fading(l.recent, l.recent_at, %s, %s) + m.asked, recent_at = %s,
    contacts = l.contacts + m.contacts, in_time = l.in_time + m.in_time
FROM moved m JOIN locked USING (assignee) WHERE l.assignee = m.assignee
"""
ORDERED = (intake.AssignmentOrdered, intake.ReassignmentOrdered)
"""These name who is asked."""
ASKING = (
    intake.ObjectionRuled, ticket.AlarmRepeated, intake.OfferClaimed, intake.WithdrawalOrdered,
    intake.WhistleBlown, *ORDERED,
)  # fmt: skip
"""After these somebody else is asked, named or weighed."""


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Any]:
    """The cases of these tickets, and the watches over these rotas, locked in the order of their keys."""
    watched = [key for key in keys if key.startswith(ROTA)]
    found: dict[str, Any] = dict(rota_store.load(tx, watched)) if watched else {}
    if len(watched) < len(keys):
        found |= CASES.load(tx, keys)
    return found


def expired(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets whose offer nobody answered in time, locked."""
    return [key for (key,) in tx.execute(EXPIRED, [now, limit])]


def unarrived(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets to whose place a department was called that is not there in time, locked."""
    return [key for (key,) in tx.execute(UNARRIVED, [now, limit])]


def know(tx: Tx, now: datetime, stimuli: Sequence[Stimulus], found: Mapping[str, Any]) -> Known:
    """Policies, and for every ticket that may need an offer its place, catalogue item and options."""
    policies = policy.in_force(tx)
    states = {key: case for key, case in found.items() if isinstance(case, Case)}
    asked = {case.id: (case.grid, case.category) for case in states.values()}
    wanted = set(_wanted(stimuli, states))
    off_duty = objection_store.off_duty(tx, now, stimuli, states)
    if not wanted:
        return Known(now, policies, NO_LISTS, {}, {}, {}, off_duty=off_duty)
    today = now.astimezone(CHINA).date()
    grids = {grid for grid, _ in wanted}
    edition, ruled, cells = tx.execute(STANDS, [texts(sorted(grids))]).fetchall()[0]
    lists = catalogue_store.lists(tx, edition, today, {category for _, category in wanted})
    places = _places(tx, grids, cells)
    pairs = {(places[grid].code, lists.code(category)) for grid, category in wanted}
    precedents = objection_store.precedents(tx, pairs) if ruled else {}
    asked_for = {
        (places[grid].code, lists.code(category), kind)
        for grid, category in wanted
        for kind in lists.kinds(category)
    }
    asked_for |= {(*pair, kind) for pair, (_, kind) in precedents.items() if kind}
    options = candidate_store.options(tx, now, policies["routing"].value["half_life_days"], asked_for)
    shown = {pair: precedent for pair, (precedent, _) in precedents.items()}
    named = objection_store.named(tx, today, stimuli)
    known = Known(now, policies, lists, places, options, asked, shown, named, off_duty)
    claimed = set(_claimed(stimuli, states, places, lists, named))
    if claimed:
        known.claims = candidate_store.claims(tx, now, known.rules.half_life_days, claimed)
    return known


def _wanted(stimuli: Sequence[Stimulus], states: Mapping[str, Case]) -> Iterable[tuple[str, str]]:
    """Grid and category of the tickets whose stimulus may lead to an offer."""
    for stimulus in stimuli:
        data = stimulus.event.data if stimulus.event else None
        case = states.get(stimulus.key)
        if isinstance(data, ticket.TicketAccepted):
            yield data.grid, data.category
        elif case and (data is None or _asks_on(data)):
            yield case.grid, case.category


def _claimed(
    stimuli: Sequence[Stimulus],
    states: Mapping[str, Case],
    places: Mapping[str, Place],
    lists: Lists,
    named: Mapping[str, Option],
) -> Iterable[tuple[str, str, str]]:
    """Place, category and assignee of every claim and every order of the batch that names somebody."""
    for stimulus in stimuli:
        data, case = stimulus.event.data if stimulus.event else None, states.get(stimulus.key)
        if isinstance(data, intake.OfferClaimed) and case:
            yield places[case.grid].code, lists.code(case.category), data.assignee
        elif isinstance(data, ORDERED) and case and data.assignee in named:
            yield places[case.grid].code, lists.code(case.category), named[data.assignee].assignee


def _asks_on(data: Any) -> bool:
    """Whether somebody else is asked, or named, after this."""
    returned = isinstance(data, intake.OfferAnswered) and data.answer == "return"
    return returned or isinstance(data, ASKING)


def _places(tx: Tx, grids: set[str], cells: Sequence[str]) -> dict[str, Place]:
    """Each grid's own cell; for one that is none the cell whose desk is the last resort."""
    places = {code: Place(code, known=True) for code in cells}
    unknown = grids - places.keys()
    if unknown:
        row = tx.execute(LAST_RESORT).fetchone()
        places |= dict.fromkeys(unknown, Place(row[0] if row else "", known=False))
    return places


def save(tx: Tx, changes: Changes) -> list[Case]:
    """Writes cases, outcomes and the counters that tickets share, each once for the batch, in key order."""
    cases = [state for state in changes.states if isinstance(state, Case)]
    watches = [state for state in changes.states if isinstance(state, Watch)]
    if watches:
        rota_store.save(tx, watches)
    if not cases:
        return []
    saved = CASES.save(tx, [_lasting(case) for case in cases])
    outcomes = [
        {
            "ticket": case.id,
            "assignment": said.assignment,
            "at": said.at,
            "text": said.text,
            "evidence": said.evidence,
        }
        for case in cases
        if (said := case.outcome)
    ]
    if outcomes:
        tx.execute(SAVE_OUTCOMES, [as_json(outcomes)])
    objection_store.save(tx, cases)
    chain_store.save(tx, changes.facts, changes.known.weighed)
    moved: Moved = changes.known.moved
    now, half_life = changes.known.now, changes.known.rules.half_life_days
    loads = (moved.open, moved.taken, moved.asked, moved.contacts, moved.in_time)
    _move(tx, MOVE_LOADS, loads, now, half_life, now)
    quota_store.save(tx, cases, now)
    return saved


def _lasting(case: Case) -> Case:
    """Without what lives only in this transaction."""
    if case.outcome or case.grounds or case.rulings or case.units or case.whistles:
        return replace(case, outcome=None, grounds=(), rulings=(), units=(), whistles=())
    return case


def _move(tx: Tx, statement: str, counters: Sequence[Counter[str]], *values: Any) -> None:
    """Moves counters by key, in the order of the keys, so that two batches never wait for each other."""
    touched = {key for counter in counters for key, by in counter.items() if by}
    if touched:
        rows = [(key, *(counter[key] for counter in counters)) for key in sorted(touched)]
        tx.execute(statement, [*columns(rows, len(counters) + 1), *values])
