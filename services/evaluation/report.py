"""Rates over all cases, or by one dimension: one statement, then pure arithmetic."""

import msgspec
from msgspec import Struct

from chassis.clock import now
from chassis.database import Tx
from services.evaluation import store
from services.evaluation.rates import Counts, Rates, rates


class Row(Struct, frozen=True, kw_only=True):
    """The cases that share `key` (None: those that have none, e.g. no assignee yet), counted and rated."""

    key: str | None
    counts: Counts
    rates: Rates


def rates_by(tx: Tx, dimension: str) -> list[Row]:
    """One row per assignee, unit, grid, category, source, severity, month or kind; KeyError for others."""
    moment = now()
    weights = store.weights(tx, moment)
    rows = []
    for found in store.count_by(tx, dimension, moment):
        counts = msgspec.convert({name: found[name] for name in Counts.__struct_fields__}, Counts)
        rows.append(Row(key=found["key"], counts=counts, rates=rates(counts, weights)))
    return rows


def overall(tx: Tx) -> Row:
    """All cases in one row; of no cases all rates are None."""
    for row in rates_by(tx, "all"):
        return row
    return Row(key="all", counts=Counts(), rates=rates(Counts(), store.weights(tx, now())))
