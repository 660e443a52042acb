"""What limits a service at this moment, and how many processes would help; pure."""

from math import ceil

from services.console.now import board
from services.console.now.seen import Sight

Pair = tuple[str, str]

CATCH_UP = 5.0
"""Minutes within which what is queued should be taken in."""
ZH = (
    "排队 {queued}，每分钟接收 {pace}：开 {processes} 个进程约 {minutes:.0f} 分钟追平"
    "（最多 {most} 个）；数据库已满负荷时加进程无用"
)
EN = (
    "{queued} queued, {pace} a minute taken in: {processes} processes need {minutes:.0f} min for it "
    "(at most {most}, one for each shard); where the database is the limit they do not help"
)
FEW = 200
"""Messages in the queues of a service that need nobody's thought."""


def hints(sight: Sight) -> dict[str, Pair]:
    """By service what to do so that nobody waits longer; nothing where nothing is to be done."""
    found = {row.service: _hint(row) for row in board.rows(sight)}
    return {service: hint for service, hint in found.items() if hint}


def _hint(row: board.Row) -> Pair | None:
    if row.held or row.queued < FEW or row.taken is None:
        return None
    unread = sum(1 for shard in row.shards if not shard.consumers)
    if unread:
        return (
            f"{unread} 个分片没有消费者，先启动进程",
            f"nobody reads {unread} of its shards: start its processes first",
        )
    processes = needed(row.queued, row.taken, len(row.shards))
    if processes <= 1:
        return None
    queued, most, pace = row.queued, len(row.shards), f"{row.taken:.0f}"
    return (
        ZH.format(queued=queued, pace=pace, processes=processes, minutes=CATCH_UP, most=most),
        EN.format(queued=queued, pace=pace, processes=processes, minutes=CATCH_UP, most=most),
    )


def needed(queued: int, taken: float, shards: int) -> int:
    """How many processes of the present speed take in what is queued in time; at most one for each shard."""
    if taken <= 0:
        return shards
    return min(shards, max(1, ceil((queued / CATCH_UP + taken) / taken)))
