"""What was seen as rows of a table: a row for each service and one for each of its shards; pure."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from services.console.now.seen import Arrived, Ledger, Queue, Rate, Sight
from services.console.now.standing import held


class Shard(Struct, frozen=True, kw_only=True):
    """One shard: what lies in its queue, since when the first message has not been taken in, who reads it."""

    shard: int
    there: bool
    queued: int
    not_taken: int
    """Among the newest messages; of them what is not queued is in a consumer's hands."""
    oldest: float | None
    consumers: int
    held: bool


class Row(Struct, frozen=True, kw_only=True):
    """One service: its shards together, its ledger, how much it takes in and sends."""

    service: str
    shards: tuple[Shard, ...]
    queued: int
    oldest: float | None
    """Seconds for which the first message or event of all has been waiting here."""
    waiting: int
    retries_due: int
    parked: int
    unsent: int
    taken: float | None
    """A minute; None: nobody has looked twice yet."""
    sent: float | None
    held: bool


class Account(Struct, frozen=True, kw_only=True):
    """Conservation of the newest messages to one service: each was taken in, is under way, or is lost."""

    service: str
    messages: int
    taken: int
    under_way: int
    lost: int


def rows(sight: Sight) -> tuple[Row, ...]:
    """A row for each service, in the order of the ledgers."""
    queues: dict[str, list[Queue]] = {}
    for queue in sight.queues:
        queues.setdefault(queue.service, []).append(queue)
    ledgers = {ledger.service: ledger for ledger in sight.ledgers}
    return tuple(
        _row(sight, name, queues.get(name, []), ledgers.get(name, Ledger(service=name)))
        for name in dict.fromkeys([*ledgers, *queues])
    )


def accounts(sight: Sight, lost: Mapping[tuple[str, int], int]) -> tuple[Account, ...]:
    """Of each service; `lost` says which shards lack how many messages."""
    return tuple(_account(sight, name, lost) for name in sorted(sight.looked_at))


def _account(sight: Sight, service: str, lost: Mapping[tuple[str, int], int]) -> Account:
    looked, mine = sight.looked_at[service], [u for u in sight.under_way if u.subscriber == service]
    gone = sum(count for (name, _), count in lost.items() if name == service)
    return Account(
        service=service, messages=looked, taken=looked - len(mine), under_way=len(mine) - gone, lost=gone
    )


def _row(sight: Sight, service: str, queues: list[Queue], ledger: Ledger) -> Row:
    late: dict[int, list[Arrived]] = {}
    for each in sight.under_way:
        if each.subscriber == service:
            late.setdefault(each.shard, []).append(each)
    shards = tuple(_shard(sight, queue, late.get(queue.shard, [])) for queue in queues)
    rate: Rate | None = sight.rates.get(service)
    ages = [shard.oldest for shard in shards if shard.oldest is not None]
    ages += [_age(sight, at) for at in (ledger.waiting_since, ledger.unsent_since) if at]
    return Row(
        service=service, shards=shards, queued=sum(shard.queued for shard in shards),
        oldest=max(ages) if ages else None, waiting=ledger.waiting, retries_due=ledger.retries_due,
        parked=ledger.parked, unsent=ledger.unsent, taken=rate.taken if rate else None,
        sent=rate.sent if rate else None,
        held=held(sight, service, None) or (bool(shards) and all(shard.held for shard in shards)),
    )  # fmt: skip


def _shard(sight: Sight, queue: Queue, late: list[Arrived]) -> Shard:
    first = min((each.sent_at for each in late), default=None)
    return Shard(
        shard=queue.shard, there=queue.there, queued=queue.ready, not_taken=len(late),
        oldest=_age(sight, first) if first else None, consumers=queue.consumers,
        held=held(sight, queue.service, queue.shard),
    )  # fmt: skip


def _age(sight: Sight, at: datetime) -> float:
    return max(0.0, (sight.at - at).total_seconds())
