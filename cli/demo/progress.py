"""The progress of a demo on standard error: a live line per stage on a terminal, else plain lines."""

import sys
import time
from collections.abc import Mapping
from typing import TextIO

from cli.say import fit

STAGES = (
    ("received", "已接收"), ("accepted", "已受理"), ("dispatching", "派单中"), ("assigned", "已接单"),
    ("in_progress", "办理中"), ("handled", "已办结"), ("awaiting_rating", "待评价"), ("closed", "已结案"),
    ("other", "其他结果"),
)  # fmt: skip
OTHER = ("declined", "transferred", "cancelled", "merged", "suspended", "pending_info")
BAR = 40
BETWEEN_PLAIN_LINES = 5.0  # seconds


class Progress:
    """Shows how many requests are at each stage."""

    def __init__(self, number: int, out: TextIO = sys.stderr) -> None:
        self._number, self._out, self._live = number, out, out.isatty()
        self._began = time.monotonic()
        self._drawn, self._next = False, 0.0

    def tell(self, states: Mapping[str, int], confirmed: int, last: bool = False) -> None:
        """Brings the display up to date."""
        counts = {stage: states.get(stage, 0) for stage, _ in STAGES}
        counts["other"] = sum(states.get(state, 0) for state in OTHER)
        if self._live:
            self._redraw(counts, confirmed)
        elif last or time.monotonic() >= self._next:
            self._next = time.monotonic() + BETWEEN_PLAIN_LINES
            told = ", ".join(f"{stage.replace('_', ' ')} {count}" for stage, count in counts.items() if count)
            print(
                f"{self.seconds:5.0f} s  published {confirmed}/{self._number}: {told}",
                file=self._out,
                flush=True,
            )

    @property
    def seconds(self) -> float:
        """Seconds since the first look."""
        return time.monotonic() - self._began

    def _redraw(self, counts: Mapping[str, int], confirmed: int) -> None:
        lines = [f"{self.seconds:5.0f} s  published 已发布 {confirmed}/{self._number}"]
        for stage, chinese in STAGES:
            count = counts[stage]
            bar = "█" * round(BAR * count / max(self._number, 1))
            lines.append(f"  {fit(stage.replace('_', ' '), 16)}{fit(chinese, 10)}{count:>6}  {bar}")
        back = f"\x1b[{len(lines)}A" if self._drawn else ""
        self._drawn = True
        print(back + "\n".join(f"\x1b[2K{line}" for line in lines), file=self._out, flush=True)
