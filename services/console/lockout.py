"""How often one may fail to sign in: by account, and by address, within a time and for a time."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Limit:
    """After `most` failures within `window` nobody gets in for `lock`."""

    most: int
    window: timedelta
    lock: timedelta


OF_ACCOUNT = Limit(5, timedelta(minutes=15), timedelta(minutes=15))
OF_ADDRESS = Limit(30, timedelta(minutes=15), timedelta(minutes=15))
"""A whole office may sit behind one address."""
