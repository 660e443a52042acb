"""The SQL of returns, rulings, precedents and whistles, of whom codes name, and of who may take work now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from chassis.database import Tx
from chassis.model import Stimulus
from chassis.rows import as_json, columns, texts
from contracts import intake
from contracts.dispatch import Precedent
from services.dispatch.case import Case
from services.dispatch.filters import Option

SAVE_GROUNDS = """
INSERT INTO ground (ticket, assignment, assignee, at, code, basis_code, basis, proposed_unit)
SELECT ticket, assignment, assignee, at, code, basis_code, basis, proposed_unit
FROM json_populate_recordset(null::ground, %s)
"""
SAVE_RULINGS = """
INSERT INTO ruling (ticket, at, category, grid, assignee, unit, reason_code, basis, by)
SELECT ticket, at, category, grid, assignee, unit, reason_code, basis, by
FROM json_populate_recordset(null::ruling, %s)
"""
SAVE_WHISTLES = """
INSERT INTO whistle (ticket, whistle, at, cause, reason_code, basis, by)
SELECT ticket, whistle, at, cause, reason_code, basis, by FROM json_populate_recordset(null::whistle, %s)
"""
SAID = ((SAVE_GROUNDS, "grounds"), (SAVE_RULINGS, "rulings"), (SAVE_WHISTLES, "whistles"))
PRECEDENTS = """
SELECT w.grid, w.category, r.assignee, r.unit, r.reason_code, r.at, a.kind
FROM unnest(%s::text[], %s::text[]) AS w (grid, category)
CROSS JOIN LATERAL (
    SELECT * FROM ruling r WHERE r.category = w.category AND r.grid = w.grid ORDER BY r.at DESC LIMIT 1) r
LEFT JOIN assignee a ON a.code = r.assignee
"""
# A unit is spoken for by the assignee that bears its code, or else by one that is no single person.
NAMED = """
SELECT DISTINCT ON (n.code) n.code, a.code, a.kind, a.organization
FROM unnest(%(codes)s::text[]) AS n (code) JOIN assignee a ON n.code IN (a.code, a.organization)
WHERE a.active AND coalesce(a.valid_from, %(today)s) <= %(today)s
  AND coalesce(a.valid_to, %(today)s) >= %(today)s
ORDER BY n.code, a.code <> n.code, a.kind IN ('grid_officer', 'party_member', 'rota'), a.code
"""
NAMING = (
    intake.ObjectionRuled, intake.AssignmentOrdered, intake.ReassignmentOrdered, intake.WhistleBlown
)  # fmt: skip
"""What names somebody by the code of an assignee or a unit."""
ON_DUTY = "SELECT r.assignee FROM rota r WHERE r.assignee = ANY(%s) AND on_duty(r, %s)"


def save(tx: Tx, cases: Sequence[Case]) -> None:
    """Writes what was said on returning, ruling and calling departments, if anything was."""
    for statement, said in SAID:
        rows = [
            {"ticket": case.id, **{name: getattr(one, name) for name in one.__struct_fields__}}
            for case in cases
            for one in getattr(case, said)
        ]
        if rows:
            tx.execute(statement, [as_json(rows)])


def precedents(
    tx: Tx, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[Precedent, str | None]]:
    """What was last ruled for each (place, category), and of what kind the assignee is."""
    return {
        (grid, category): (
            Precedent(assignee=assignee, unit=unit, reason_code=reason_code, ruled_at=at),
            kind,
        )
        for grid, category, assignee, unit, reason_code, at, kind in tx.execute(
            PRECEDENTS, columns(sorted(pairs), 2)
        )
    }


def named(tx: Tx, today: date, stimuli: Sequence[Stimulus]) -> dict[str, Option]:
    """Whom rulings, orders and whistles of the batch name: code of an assignee or unit → assignee."""
    said = [data for data in _said(stimuli) if isinstance(data, NAMING)]
    codes = {
        code
        for data in said
        for code in (data.departments if isinstance(data, intake.WhistleBlown) else [data.assignee])
    }
    if not codes:
        return {}
    return {
        known: Option(
            assignee=code, kind=kind, unit=unit, skills=frozenset(), closeness=0, load_cap=0, open=0, taken=0
        )
        for known, code, kind, unit in tx.execute(NAMED, {"codes": sorted(codes), "today": today})
    }


def off_duty(
    tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, Case]
) -> frozenset[str]:
    """Of those on a rota who accept in this batch, who has no shift now."""
    asked = {
        stimulus.event.data.assignee
        for stimulus in stimuli
        if stimulus.event
        and isinstance(stimulus.event.data, intake.OfferAnswered)
        and stimulus.event.data.answer == "accept"
        and (case := states.get(stimulus.key))
        and case.kind == "rota"
    }
    if not asked:
        return frozenset()
    return frozenset(asked - {code for (code,) in tx.execute(ON_DUTY, [texts(sorted(asked)), now])})


def _said(stimuli: Sequence[Stimulus]) -> Iterable[Any]:
    return (stimulus.event.data for stimulus in stimuli if stimulus.event)
