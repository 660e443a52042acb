"""Wrong codes of one publisher over all tickets, pure: a share that is used up and comes back with time."""

from collections.abc import MutableMapping
from datetime import datetime, timedelta

from msgspec import Struct


class Share(Struct, frozen=True, kw_only=True):
    """How many wrong codes at once, and after how many seconds one more; the policy `rating_guesses`."""

    burst: int
    seconds: float


def shut(used_until: datetime | None, share: Share, now: datetime) -> bool:
    """Whether a publisher has used up its share (generic cell rate algorithm, ITU-T I.371)."""
    return used_until is not None and (used_until - now).total_seconds() > (share.burst - 1) * share.seconds


def note(used: MutableMapping[str, datetime], publisher: str, share: Share, now: datetime) -> None:
    """One more wrong code of `publisher`."""
    used[publisher] = max(used.get(publisher, now), now) + timedelta(seconds=share.seconds)
