"""Load, know, save, and the SQL of dispatch cases (the directory's own SQL is in `directory/store.py`)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chassis import policy
from chassis.database import Tx
from chassis.model import Changes, Stimulus
from chassis.rows import as_json, columns, from_json, texts
from contracts import intake, ticket
from contracts.terms import CHINA
from services.dispatch import objection_store
from services.dispatch.case import Case
from services.dispatch.directory.catalogue import alias_map, normal
from services.dispatch.directory.store import catalogue_entries
from services.dispatch.engine import Item, Option
from services.dispatch.pool import Known, Moved, Place

COLUMNS = (
    "id, sequence, state, category, grid, severity, hop, assignment, assignee, kind, unit, contract, "
    "expires_at, contact_due_at, tried, returns, return_until, bound"
)
LOAD = f"""
SELECT to_json(c)::text FROM (SELECT {COLUMNS} FROM "case" WHERE id = ANY(%s) ORDER BY id FOR UPDATE) c
"""
SAVE = f"""
INSERT INTO "case" ({COLUMNS}) SELECT {COLUMNS} FROM json_populate_recordset(null::"case", %s)
ON CONFLICT (id) DO UPDATE SET
    sequence = EXCLUDED.sequence, state = EXCLUDED.state, severity = EXCLUDED.severity, hop = EXCLUDED.hop,
    assignment = EXCLUDED.assignment, assignee = EXCLUDED.assignee, kind = EXCLUDED.kind,
    unit = EXCLUDED.unit, contract = EXCLUDED.contract,
    expires_at = EXCLUDED.expires_at, contact_due_at = EXCLUDED.contact_due_at, tried = EXCLUDED.tried,
    returns = EXCLUDED.returns, return_until = EXCLUDED.return_until, bound = EXCLUDED.bound
"""
SAVE_OUTCOMES = """
INSERT INTO outcome (ticket, assignment, at, text, evidence)
SELECT ticket, assignment, at, text, evidence FROM json_populate_recordset(null::outcome, %s)
"""
EXPIRED = 'SELECT id FROM "case" WHERE expires_at <= %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED'
ITEMS = """
SELECT DISTINCT ON (category) category, version, list, mode, kinds, skills FROM catalogue
WHERE category = ANY(%(categories)s)
  AND valid_from <= %(today)s AND coalesce(valid_to, %(today)s) >= %(today)s
ORDER BY category, version DESC
"""
PLACES = "SELECT code FROM cell WHERE code = ANY(%s) AND active"
LAST_RESORT = """
SELECT cell FROM assignee JOIN cell c ON c.code = assignee.cell
WHERE kind = 'community_desk' AND assignee.active ORDER BY cardinality(c.path), cell LIMIT 1
"""
LISTS = "SELECT coalesce(max(id), 0), EXISTS (SELECT FROM ruling) FROM import_log"
OPTIONS = """
SELECT w.place, w.category, a.code, a.kind, a.organization, a.skills, a.closeness, a.load_cap,
       a.open, a.taken,
       a.kind <> 'rota' OR EXISTS (
           SELECT FROM rota r WHERE r.assignee = a.code AND r.cell = ANY(c.path) AND on_duty(r, %(now)s)),
       k.contract, k.quota_left
FROM unnest(%(places)s::text[], %(categories)s::text[], %(kinds)s::text[]) AS w (place, category, kind)
JOIN cell c ON c.code = w.place
LEFT JOIN catalogue i ON i.category = w.category AND i.version = (
    SELECT max(version) FROM catalogue v WHERE v.category = w.category AND v.valid_from <= %(today)s
        AND coalesce(v.valid_to, %(today)s) >= %(today)s)
CROSS JOIN LATERAL (
    SELECT a.code, a.kind, a.organization, a.skills, a.load_cap, array_position(c.path, a.cell) AS closeness,
           coalesce(l.open, 0) AS open, coalesce(l.taken, 0) AS taken
    FROM assignee a LEFT JOIN assignee_load l ON l.assignee = a.code
    WHERE a.active AND a.cell = ANY(c.path) AND a.kind = w.kind
      AND coalesce(a.valid_from, %(today)s) <= %(today)s AND coalesce(a.valid_to, %(today)s) >= %(today)s
    ORDER BY a.skills @> i.skills DESC, array_position(c.path, a.cell) DESC,
             coalesce(l.open, 0), coalesce(l.taken, 0), a.code
    LIMIT 12
) a
LEFT JOIN LATERAL (
    SELECT k.code AS contract, q.quota - q.reserved - q.committed AS quota_left
    FROM contract k JOIN contract_quota q ON q.contract = k.code
    WHERE a.kind = 'social_organization' AND k.organization = a.organization AND k.items @> ARRAY[w.category]
      AND k.areas && c.path AND %(today)s BETWEEN k.valid_from AND k.valid_to
    ORDER BY q.quota - q.reserved - q.committed > 0 DESC, k.valid_to, k.code LIMIT 1
) k ON true
"""
MOVE_LOADS = """
WITH moved AS (SELECT * FROM unnest(%s::text[], %s::int[], %s::int[]) AS m (assignee, open, taken)),
     locked AS (
         SELECT l.assignee FROM assignee_load l JOIN moved USING (assignee)
         ORDER BY l.assignee FOR UPDATE OF l)
UPDATE assignee_load l SET open = greatest(l.open + m.open, 0), taken = l.taken + m.taken
FROM moved m JOIN locked USING (assignee) WHERE l.assignee = m.assignee
"""
MOVE_QUOTAS = """
WITH moved AS (SELECT * FROM unnest(%s::text[], %s::int[], %s::int[]) AS m (contract, reserved, committed)),
     locked AS (
         SELECT q.contract FROM contract_quota q JOIN moved USING (contract)
         ORDER BY q.contract FOR UPDATE OF q)
UPDATE contract_quota q SET reserved = q.reserved + m.reserved, committed = q.committed + m.committed
FROM moved m JOIN locked USING (contract) WHERE q.contract = m.contract
"""

_aliases: dict[tuple[int, Any], dict[str, str]] = {}


def load(tx: Tx, keys: Sequence[str]) -> dict[str, Case]:
    """The cases of these tickets, locked in the order of their numbers."""
    return {case.id: case for case in from_json(Case, tx.execute(LOAD, [texts(keys)]))}


def expired(tx: Tx, now: datetime, limit: int) -> list[str]:
    """Tickets whose offer nobody answered in time, locked."""
    return [key for (key,) in tx.execute(EXPIRED, [now, limit])]


def know(tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, Case]) -> Known:
    """Policies, and for every ticket that may need an offer its place, catalogue item and options."""
    policies = policy.in_force(tx)
    asked = {case.id: (case.grid, case.category) for case in states.values()}
    wanted = set(_wanted(stimuli, states))
    off_duty = objection_store.off_duty(tx, now, stimuli, states)
    if not wanted:
        return Known(now, policies, {}, {}, {}, {}, off_duty=off_duty)
    today = now.astimezone(CHINA).date()
    version, ruled = tx.execute(LISTS).fetchone() or (0, False)
    codes = _codes(tx, (version, today), {category for _, category in wanted})
    items = _items(tx, today, set(codes.values()))
    places = _places(tx, {grid for grid, _ in wanted})
    pairs = {(places[grid].code, codes.get(category, "")) for grid, category in wanted}
    options = _options(
        tx, now, {(place, code, kind) for place, code in pairs for kind in _kinds(items.get(code))}
    )
    by_label = {label: items[code] for label, code in codes.items() if code in items}
    precedents = objection_store.precedents(tx, pairs) if ruled else {}
    named = objection_store.named(tx, today, stimuli)
    return Known(now, policies, by_label, places, options, asked, precedents, named, off_duty)


def _wanted(stimuli: Sequence[Stimulus], states: Mapping[str, Case]) -> Iterable[tuple[str, str]]:
    """Grid and category of the tickets whose stimulus may lead to an offer."""
    for stimulus in stimuli:
        data = stimulus.event.data if stimulus.event else None
        case = states.get(stimulus.key)
        if isinstance(data, ticket.TicketAccepted):
            yield data.grid, data.category
        elif case and (data is None or _asks_on(data)):
            yield case.grid, case.category


def _asks_on(data: Any) -> bool:
    """Whether somebody else is asked, or named, after this."""
    returned = isinstance(data, intake.OfferAnswered) and data.answer == "return"
    return returned or isinstance(data, intake.ObjectionRuled | ticket.AlarmRepeated)


def _codes(tx: Tx, key: tuple[int, Any], labels: set[str]) -> dict[str, str]:
    """Label → category code by this version of the lists on this day; unknown labels are left out."""
    if key not in _aliases:
        _aliases.clear()
        _aliases[key] = alias_map(catalogue_entries(tx), key[1])
    return {label: _aliases[key][normal(label)] for label in labels if normal(label) in _aliases[key]}


def _items(tx: Tx, today: Any, categories: set[str]) -> dict[str, Item]:
    rows = tx.execute(ITEMS, {"categories": list(categories), "today": today})
    return {
        category: Item(category=category, version=version, list=list_, mode=mode, kinds=tuple(kinds),
                       skills=frozenset(skills))
        for category, version, list_, mode, kinds, skills in rows
    }  # fmt: skip


def _kinds(item: Item | None) -> set[str]:
    return {*(item.kinds if item else ()), "community_desk"}


def _places(tx: Tx, grids: set[str]) -> dict[str, Place]:
    """Each grid's own cell; for an unknown grid the one whose desk is the last resort."""
    places = {code: Place(code, known=True) for (code,) in tx.execute(PLACES, [texts(sorted(grids))])}
    unknown = grids - places.keys()
    if unknown:
        row = tx.execute(LAST_RESORT).fetchone()
        places |= dict.fromkeys(unknown, Place(row[0] if row else "", known=False))
    return places


def _options(tx: Tx, now: datetime, asked: set[tuple[str, str, str]]) -> dict[tuple[str, str], list[Option]]:
    places, categories, kinds = (list(column) for column in zip(*sorted(asked), strict=True))
    found: dict[tuple[str, str], list[Option]] = {}
    today = now.astimezone(CHINA).date()
    values = {"places": places, "categories": categories, "kinds": kinds, "now": now, "today": today}
    for row in tx.execute(OPTIONS, values):
        place, category, code, kind, unit, skills, closeness, cap, open_, taken, on_duty, contract, left = row
        option = Option(
            assignee=code, kind=kind, unit=unit, skills=frozenset(skills), closeness=closeness, load_cap=cap,
            open=open_, taken=taken, on_duty=on_duty, contract=contract, quota_left=left,
        )  # fmt: skip
        found.setdefault((place, category), []).append(option)
    return found


def save(tx: Tx, changes: Changes) -> None:
    """Writes cases, outcomes and the counters that tickets share, each once for the batch, in key order."""
    cases: Sequence[Case] = changes.states
    tx.execute(SAVE, [as_json(cases)])
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
    moved: Moved = changes.known.moved
    _move(tx, MOVE_LOADS, moved.open, moved.taken)
    _move(tx, MOVE_QUOTAS, moved.reserved, moved.committed)


def _move(tx: Tx, statement: str, first: Counter[str], second: Counter[str]) -> None:
    keys = sorted(key for key in first.keys() | second.keys() if first[key] or second[key])
    if keys:
        tx.execute(statement, columns([(key, first[key], second[key]) for key in keys], 3))
