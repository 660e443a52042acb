"""Rates over all cases, by one dimension, or of one month: read from the tally, then pure arithmetic."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chassis import policy
from chassis.database import Tx
from services.evaluation import scorecard_store, store, tally_store
from services.evaluation.rates import NAMES, Counts, fields, rates, values
from services.evaluation.settlement import Marks, mark
from services.evaluation.standing import Ranking, Row, stood, together
from services.evaluation.tally import DIMENSIONS, Cell, deltas
from services.evaluation.tally_store import Tallied


class Card(Struct, frozen=True, kw_only=True):
    """A month by one dimension: as issued with its corrections, or as it stands where none is issued yet.

    `marks` is by what contracts are marked: the policy of the day it was issued, else of now.
    """

    month: str
    by: str
    issued_at: datetime | None
    corrections: int
    rows: list[Row]
    marks: Marks | None = None


def _level(digits: int) -> Callable[[Tallied], str]:
    """The cell above, whose code is the first `digits` of a cell's own; none where codes are different."""
    return lambda cell: (
        cell.key[:digits].ljust(12, "0") if cell.key.isdigit() and len(cell.key) >= max(digits, 12) else ""
    )


CONTRACT = "contract"
READ: dict[str, tuple[str, Callable[[Tallied], str]]] = {
    **{
        name: (name, lambda cell: cell.key)
        for name in DIMENSIONS
    },
    **{name: ("grid", _level(digits)) for name, digits in
       {"district": 6, "subdistrict": 9, "community": 12, "compound": 14}.items()},
    "month": ("severity", lambda cell: cell.month),
    "all": ("severity", lambda cell: "all"),
}  # fmt: skip
"""By what a report can be told: of which dimension the cells are read, and which of them come together."""


def rates_by(tx: Tx, by: str, first: str = "0000-00", last: str = "9999-99") -> list[Row]:
    """One row for each value of `by`, months from `first` to `last`; KeyError for what is not in READ."""
    dimension, key = READ[by]
    rows = _rows(tx, tally_store.cells(tx, dimension, first, last), key, store.weights(tx))
    return _marked(rows, store.marks(tx)) if by == CONTRACT else rows


def overall(tx: Tx) -> Row:
    """All cases in one row; of no cases all rates are None."""
    for row in rates_by(tx, "all"):
        return row
    return Row(key="all", counts=Counts(), rates=rates(Counts(), store.weights(tx)))


def card(tx: Tx, month: str, by: str) -> Card:
    """The scorecard of a month: what was issued, corrected by what has changed since."""
    dimension, key = READ[by]
    issued = scorecard_store.issued(tx, month, dimension)
    if issued is None:
        rows = rates_by(tx, by, month, month)
        marks = store.marks(tx) if by == CONTRACT else None
        return Card(month=month, by=by, issued_at=None, corrections=0, rows=rows, marks=marks)
    changes = scorecard_store.corrections(tx, month)
    rows = _rows(tx, _corrected(issued.cells, deltas(changes), dimension, month), key, issued.weights)
    marks = (issued.marks or store.marks(tx)) if by == CONTRACT else None
    return Card(
        month=month, by=by, issued_at=issued.issued_at, corrections=len(changes), marks=marks,
        rows=_marked(rows, marks) if marks else rows,
    )  # fmt: skip


def _marked(rows: Sequence[Row], marks: Marks) -> list[Row]:
    """The rows of contracts with their marks; what is done under no contract has none."""
    return [replace(row, mark=mark(row.counts, row.rates, marks)) if row.key else row for row in rows]


def _corrected(
    cells: Sequence[Tallied],
    more: Mapping[Cell, Sequence[int]],
    dimension: str,
    month: str,
) -> list[Tallied]:
    found = {(cell.key, cell.kind): values(cell) for cell in cells}
    for (in_dimension, in_month, key, kind), row in more.items():
        if (in_dimension, in_month) == (dimension, month):
            old = found.get((key, kind), [0] * len(NAMES))
            found[key, kind] = [a + b for a, b in zip(old, row, strict=True)]
    return [Tallied(month=month, key=key, kind=kind, **fields(row)) for (key, kind), row in found.items()]


def _rows(
    tx: Tx, cells: Sequence[Tallied], key: Callable[[Tallied], str], weights: Mapping[str, float]
) -> list[Row]:
    """One row for each key; its kind is that of most of its cases."""
    found: dict[str, list[Tallied]] = {}
    for cell in cells:
        if cell.cases:
            found.setdefault(key(cell), []).append(cell)
    groups = {
        (name, max(same, key=lambda cell: (cell.cases, cell.kind)).kind): together(same)
        for name, same in found.items()
    }
    return stood(groups, weights, msgspec.convert(policy.in_force(tx)["ranking"].value, Ranking))
