"""The one place where time is read; order and sequence never depend on it."""

import os
from datetime import UTC, datetime, timedelta

SKEW = timedelta(seconds=float(os.environ.get("CLOCK_SKEW_SECONDS", "0")))


def now() -> datetime:
    """The present moment in UTC, shifted by CLOCK_SKEW_SECONDS where a drill sets it."""
    return datetime.now(UTC) + SKEW
