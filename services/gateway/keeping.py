"""How long the gateway remembers: answers for a day, the rest as the policy `retention` says."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from chassis import policy
from chassis.database import Database, Tx
from services.gateway import intake_store, open311_store
from services.gateway.channels.open311.telling import ENDS

ANSWERS = timedelta(hours=24)
STEPS = 20
"""Statements in a row that forget from one table; what is left waits for the next round."""

Forget = Callable[[Tx, datetime, int], int]
"""(tx, older than, at most) → how many went."""
AT_ONCE = 5000


def tidy(database: Database, now: datetime) -> None:
    """Lets go of what is old enough, a statement at a time."""
    with database.statements() as tx:
        terms = {name: timedelta(days=days) for name, days in policy.in_force(tx)["retention"].value.items()}
        ends: tuple[tuple[Forget, timedelta], ...] = (
            (intake_store.forget_answers, ANSWERS),
            (partial(open311_store.forget, ENDS), terms["intake_days"]),
            (intake_store.forget_intake, terms["intake_days"]),
            (intake_store.forget_refusals, terms["refusal_days"]),
        )
        for forget, age in ends:
            _forget(tx, forget, now - age)
        intake_store.keep_accesses(tx)


def _forget(tx: Tx, forget: Forget, older_than: datetime) -> None:
    for _ in range(STEPS):
        if forget(tx, older_than, AT_ONCE) < AT_ONCE:
            return
