"""The way to a server gets slow, chops everything into crumbs, breaks in mid-frame, or loses one half."""

import time
from collections.abc import Callable

import pytest

from tests.faults.rig.drill import Drill
from tests.faults.rig.proxy import Proxy, Rule

LASTS = 4.0


def slow(wire: Proxy) -> None:
    wire.slow(delay=0.2)
    time.sleep(LASTS)


def sliced(wire: Proxy) -> None:
    wire.rule(Rule(piece=7))
    time.sleep(LASTS)


def reset(wire: Proxy) -> None:
    for _ in range(4):
        wire.reset()
        time.sleep(LASTS / 4)


def cut_in_mid_frame(wire: Proxy) -> None:
    for count, direction in ((10_001, "up"), (20_003, "down"), (333, "down"), (5_007, "up")):
        wire.cut_after(count, direction)  # type: ignore[arg-type]
        assert wire.sprung.wait(LASTS)


def half_close(wire: Proxy) -> None:
    wire.half_close()
    time.sleep(LASTS / 2)


@pytest.mark.accident(17)
@pytest.mark.long
@pytest.mark.parametrize("wire", ["broker_wire", "database_wire"])
@pytest.mark.parametrize("harm", [slow, sliced, reset, cut_in_mid_frame, half_close])
def test_whatever_the_link_does_nothing_is_lost(
    drill: Drill, wire: str, harm: Callable[[Proxy], None]
) -> None:
    drill.submit(300)
    drill.flows()
    harm(getattr(drill.house, wire))
    drill.house.broker_wire.heal()
    drill.house.database_wire.heal()
    drill.letters_are_due()
    drill.healed()
    drill.judge()
