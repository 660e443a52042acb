"""kill -9 of every service in turn, while requests are under way: nothing is lost, nothing is done twice."""

import os
import signal
from functools import partial

from tests.acceptance.conftest import Fengge, eventually

VICTIMS = ("ticket", "dispatch", "notification", "evaluation")


def test_every_service_dies_once_and_the_account_still_balances(fengge: Fengge) -> None:
    before = fengge.processes()
    with fengge.start("demo", "--n", "60", "--seed", "2") as demo:
        assert demo.stderr is not None
        line = demo.stderr.readline()  # the first line of progress: requests are under way
        for name in VICTIMS:
            os.kill(fengge.processes()[name]["pid"], signal.SIGKILL)
            eventually(partial(_is_back, fengge, name, before[name]["restarts"]))
        said = line + demo.stderr.read()
    assert demo.returncode == 0, said
    assert fengge.demo["accepted"] == 60
    assert fengge.demo["accepted"] == fengge.demo["closed"] + fengge.demo["open"] + fengge.demo["parked"]
    assert (fengge.demo["lost"], fengge.demo["doubled"]) == (0, 0)


def test_a_frozen_service_is_restarted_from_a_terminal(fengge: Fengge) -> None:
    """By the supervisor of the house, which hears of it from the operators' room."""
    before = fengge.processes()["notification"]
    os.kill(before["pid"], signal.SIGSTOP)
    fengge("control", "restart", "notification", "--reason", "frozen")
    eventually(partial(_is_back, fengge, "notification", before["restarts"]))
    assert fengge.processes()["notification"]["pid"] != before["pid"]


def _is_back(fengge: Fengge, name: str, restarts: int) -> bool:
    row = fengge.processes()[name]
    return bool(row["state"] == "ready" and row["restarts"] > restarts)
