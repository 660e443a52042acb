"""How steadily the disk takes what must not be lost: writes to the end of a file, each awaited."""

import os
import tempfile
import time
from pathlib import Path
from statistics import quantiles

SIZE = 8192
EVERY = 0.005
"""Seconds between two writes."""
STALL = 0.05


def syncs(folder: Path, seconds: float) -> dict[str, float]:
    """Milliseconds of fdatasync(2) as a file grows: p50, p99, longest, and how many a minute took over 50.

    All commits and confirms stand still with it, whatever the software: latencies are to be read beside it.
    """
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.perf_counter()
            os.write(file.fileno(), b"x" * SIZE)
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
            time.sleep(EVERY)  # a commit now and then, not as many as the disk takes
    hundredths = quantiles(took, n=100)
    stalls = sum(each > STALL for each in took)
    return {
        "p50": round(1000 * hundredths[49], 2),
        "p99": round(1000 * hundredths[98], 2),
        "max": round(1000 * max(took), 1),
        "stalls_per_minute": round(60 * stalls / seconds, 1),
    }
