"""How a service stands in what was seen: paused, silent, or heard of; pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.console.now.seen import Ledger, Sight

PASSING = timedelta(seconds=6)
"""What takes no longer is not told: a restart, a batch, a slow machine."""


def held(sight: Sight, service: str, shard: int | None) -> bool:
    """Whether an operator has paused this shard, or with None all work of the service."""
    return any(
        of == service
        and (
            pause.part == "all"
            or (pause.part == "consumer" and shard is not None and pause.shard in (None, shard))
        )
        for of, pause in sight.pauses
    )


def silent(sight: Sight, service: str) -> float:
    """For how many seconds no process of the service has said that it lives; 0 where that means nothing."""
    if sight.store.locked_seconds >= PASSING.total_seconds():
        return 0.0
    silence = next((each.silent_seconds for each in sight.ledgers if each.service == service), 0.0)
    return silence if silence > PASSING.total_seconds() else 0.0


def heard(sight: Sight) -> Iterator[Ledger]:
    """The ledgers of services that live: what a silent one leaves undone, its silence explains."""
    return (ledger for ledger in sight.ledgers if not silent(sight, ledger.service))


def ago(sight: Sight, seconds: float) -> datetime:
    """So many seconds before the look."""
    return sight.at - timedelta(seconds=seconds)
