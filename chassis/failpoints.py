"""Named places where a drill lets the process die; off, and then free, unless FAILPOINTS names some.

`FAILPOINTS="after_commit:kill before_mark:kill@3"` kills at the first commit or the third mark.
"""

import os
import signal
from collections.abc import Callable

POINTS = frozenset(
    {"before_commit", "after_commit", "after_send", "in_relay_batch", "before_confirm", "before_mark"}
)


def kill() -> None:
    """Ends this process as a power cut would: nothing is flushed, nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)


ACTIONS: dict[str, Callable[[], None]] = {"kill": kill}


def armed(text: str) -> dict[str, tuple[Callable[[], None], int]]:
    """By point its action and the visit at which it happens; raises ValueError for what nobody knows."""
    found = {}
    for word in text.split():
        point, _, rest = word.partition(":")
        action, _, visit = rest.partition("@")
        if point not in POINTS or action not in ACTIONS or not (visit or "1").isdigit():
            raise ValueError(f"FAILPOINTS: {word!r} is not like after_commit:kill@2")
        found[point] = (ACTIONS[action], int(visit or 1))
    return found


def switch(text: str) -> Callable[[str], None]:
    """What `reach` is for this setting."""
    points, visits = armed(text), dict[str, int]()

    def visit(point: str) -> None:
        visits[point] = visits.get(point, 0) + 1
        if point in points and points[point][1] == visits[point]:
            points[point][0]()

    return visit if points else _nothing


def _nothing(_point: str) -> None:
    """What happens at every point in production."""


reach = switch(os.environ.get("FAILPOINTS", ""))
"""Says that the process has come to a point; called once a batch, a message or a letter."""
