"""How a case counts, pure: what a change of it adds to and takes from the cells it counts in."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from msgspec import Struct

from contracts.terms import CHINA
from services.evaluation.case import Case
from services.evaluation.rates import NAMES, SINGLE
from services.evaluation.spans import CONTACT, HANDLING, SIZE, bucket

Cell = tuple[str, str, str, str]
"""Dimension, month, key (empty where a case has none) and, of assignees and units, their kind."""

DIMENSIONS = ("assignee", "unit", "grid", "category", "source", "severity", "kind", "contract")
OF_A_KIND, KIND = ("assignee", "unit"), DIMENSIONS.index("kind")
(
    CASES, CONTACT_DUE, IN_TIME, CLOSED, RATED, RESOLVED_YES, RESOLVED_PARTLY, RESOLVED_NO, SATISFIED,
    HANDLED, ON_TIME, REWORKED, OFFERED, RETURNED, DISPUTED, OVERTURNED, EXCLUDED, INSTANT, BURST,
) = (1 << index for index in range(len(SINGLE)))  # fmt: skip
"""A bit for each of SINGLE, in its order."""
CONTACT_0, HANDLING_0 = 64, 64 + SIZE
"""The bits of the buckets; those up to here are kept free for new counts."""
RESOLVED = {"yes": RESOLVED_YES, "partly": RESOLVED_PARTLY, "no": RESOLVED_NO}
CONTENT = ("very_satisfied", "satisfied", "basically_satisfied")
ANSWERED = {
    **dict.fromkeys(CONTENT, RATED | SATISFIED),
    **dict.fromkeys(("dissatisfied", "very_dissatisfied"), RATED),
}


class Counted(Struct, frozen=True, array_like=True):
    """When a case counts, with which keys (one for each of DIMENSIONS), and as what: a bit for each count."""

    month: str = ""
    keys: tuple[str | None, ...] = ()
    bits: int = 0


class Change(Struct, frozen=True):
    """How a ticket counted, and how it counts now."""

    ticket: str
    before: Counted
    after: Counted

    @property
    def month(self) -> str:
        """In which month it counts; a case may count no more, but never in another month."""
        return self.after.month or self.before.month


UNCOUNTED = Counted()


def month_of(moment: datetime) -> str:
    """The month on the requester's calendar, e.g. 2026-11."""
    return moment.astimezone(CHINA).isoformat()[:7]


def counted(case: Case | None) -> Counted:
    """How a case counts: not before there is something to judge, a contact, an outcome or an end."""
    if case is None or case.received_at is None or not _judged(case):
        return UNCOUNTED
    keys = (
        case.assignee, case.unit, case.grid, case.category, case.source, case.severity, case.assignee_kind,
        case.contract,
    )  # fmt: skip
    return Counted(month_of(case.received_at), keys, _bits(case))


def _judged(case: Case) -> bool:
    return (
        case.on_time is not None or case.ended is not None or case.contacted_in_time is False
        or case.contact_missed or (case.aside is not None and case.aside.excluded is not None)
    )  # fmt: skip


def _bits(case: Case) -> int:
    bits, more = CASES, case.aside
    if more is not None:
        if more.excluded:
            return CASES | EXCLUDED
        if more.objector:
            bits |= DISPUTED | (OVERTURNED if more.overturned else 0)
    if case.contacted_in_time is not None or case.contact_missed:
        bits |= CONTACT_DUE | (IN_TIME if case.contacted_in_time else 0)
    # A case nobody was asked about says nothing of how many answer.
    if case.ended == "closed" and case.round > 0:
        bits |= CLOSED | _answers(case)
    if case.on_time is not None:
        bits |= HANDLED | (ON_TIME if case.on_time else 0) | (REWORKED if case.reworks else 0)
    if case.hops:
        bits |= OFFERED | (RETURNED if case.returns else 0)
    return bits | _spans(case)


def _answers(case: Case) -> int:
    bits = RESOLVED.get(case.resolved or "", 0) | ANSWERED.get(case.satisfaction or "", 0)
    if case.aside is None or not case.satisfaction:
        return bits
    return bits | (INSTANT if case.aside.instant else 0) | (BURST if case.aside.burst else 0)


def _spans(case: Case) -> int:
    bits, since = 0, case.received_at
    if since and case.contacted_at:
        bits |= 1 << CONTACT_0 + bucket(CONTACT, since, case.contacted_at)
    if since and case.handled_at:
        bits |= 1 << HANDLING_0 + bucket(HANDLING, since, case.handled_at)
    return bits


def changes(pairs: Iterable[tuple[Case | None, Case]]) -> list[Change]:
    """Of cases before and after a batch, those that count otherwise now."""
    found = [(after.id, counted(before), counted(after)) for before, after in pairs]
    return [Change(*change) for change in found if change[1] != change[2]]


def deltas(found: Iterable[Change]) -> dict[Cell, list[int]]:
    """What the changes add to each cell, in the order of Counts; where that is nothing, no cell."""
    cells: dict[Cell, list[int]] = {}
    for change in found:
        before, after = change.before, change.after
        if before.keys == after.keys:
            gained, lost = after.bits & ~before.bits, before.bits & ~after.bits
            _add(cells, after, gained, 1)
            if lost:
                _add(cells, after, lost, -1)
        else:
            _add(cells, before, before.bits, -1)
            _add(cells, after, after.bits, 1)
    return {cell: cells[cell] for cell in sorted(cells) if any(cells[cell])}


def _add(cells: dict[Cell, list[int]], case: Counted, bits: int, sign: int) -> None:
    places = indices(bits)
    kind = case.keys[KIND] if case.keys else None
    for dimension, key in zip(DIMENSIONS, case.keys, strict=False):  # what counts nowhere has no keys
        cell = dimension, case.month, key or "", kind or "" if dimension in OF_A_KIND else ""
        row = cells.get(cell)
        if row is None:
            row = cells[cell] = [0] * len(NAMES)
        for index in places:
            row[index] += sign


@cache
def indices(bits: int) -> tuple[int, ...]:
    """Where in NAMES the counts of these bits are."""
    single = [index for index in range(len(SINGLE)) if bits >> index & 1]
    return (*single, *(len(SINGLE) + index for index in range(2 * SIZE) if bits >> CONTACT_0 + index & 1))
