"""What a system has sent, and what is held of it: for the HTTP door and for the command `fengge`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chassis.database import Tx
from contracts.gateway.reconcile import LONGEST_DAYS, MOST_LISTED, Counts, Entry, Reconciliation
from services.gateway import reconciling_store as store
from services.gateway.ownership import BIRTHS

FATES = ("held", "under_way", "parked", "refused", "missing")
NEVER = "never-received"
LOST = "no-effect"


def reconciled(
    tx: Tx, source: str, from_: datetime, to: datetime, now: datetime, ids: Sequence[str] = ()
) -> Reconciliation:
    """Every event of the period in one list; `ids` that never came are missing as well.

    Raises ValueError, with what to do, for a period that cannot be looked at.
    """
    if not timedelta(0) < to - from_ <= timedelta(days=LONGEST_DAYS):
        raise ValueError(f"`to` is to lie after `from`, at most {LONGEST_DAYS} days")
    values = store.asked(source, from_, to, BIRTHS, now, MOST_LISTED)
    counts = store.counts(tx, values)
    lists: dict[str, list[Entry]] = {fate: [] for fate in FATES}
    for row in store.listed(tx, values):
        fate = row.pop("fate")
        lists[fate].append(Entry(**row | ({"reason": LOST} if fate == "missing" else {})))
    never = store.never_received(tx, source, ids) if ids else []
    sent = sum(counts.values())
    missing = lists.pop("missing") + [Entry(id=id_, reason=NEVER) for id_ in never]
    told = {fate: counts.get(fate, 0) for fate in FATES}
    told["missing"] += len(never)
    return Reconciliation(
        source=source, from_=from_, to=to, complete=all(n <= MOST_LISTED for n in counts.values()),
        counts=Counts(sent=sent, **told), missing=missing, **lists,
    )  # fmt: skip
