"""Who has no browser sees who waits with `fengge top`, and sees to it with `fengge control`."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len

from tests.acceptance.conftest import ROOT, Fengge, eventually
from tests.acceptance.runbooks import ask
from tests.acceptance.terminal import COLUMNS, LINES, terminal

PATIENCE = 60.0
pytestmark = pytest.mark.long
MAIN = [sys.executable, "-W", "ignore", "-m", "cli.main", "--run"]
TOLD = {
    "zh": ("前暂停了派单服务（换机维护）", "不需要时恢复"),
    "en": ("paused dispatch", "(new disk)"),
    "both": ("前暂停了派单服务（moving house）", "paused dispatch"),
}
REASONS = {"zh": "换机维护", "en": "new disk", "both": "moving house"}


def typed(fengge: Fengge, *words: str, status: int = 0) -> str:
    """What the real command says in a process of its own, which has to end with `status`."""
    argv = [*MAIN, str(fengge.run), *words]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def paused(fengge: Fengge) -> list[tuple[str, str, str]]:
    """Service, part and reason of every pause."""
    found: list[dict[str, Any]] = json.loads(typed(fengge, "control", "list", "--json"))
    return [(each["service"], each["part"], each["reason"]) for each in found]


@pytest.fixture(autouse=True)
def nothing_paused(fengge: Fengge) -> Iterator[None]:
    """Whatever a test pauses goes on after it."""
    yield
    for service in {service for service, _, _ in paused(fengge)}:
        typed(fengge, "control", "resume", service, "--reason", "the test is over")


@pytest.mark.parametrize("language", REASONS)
def test_a_pause_stands_on_the_screen_until_it_is_ended(fengge: Fengge, language: str) -> None:
    reason = REASONS[language]
    with terminal([*MAIN, str(fengge.run), "top", "--every", "1", "--lang", language]) as top:
        eventually(lambda: "蜂格 Fengge" in top.screen(), PATIENCE)
        typed(fengge, "control", "pause", "dispatch", "--for", "30", "--reason", reason)
        assert paused(fengge) == [("dispatch", "consumer", reason)]
        ask(json.loads((fengge.run / "endpoints.json").read_text())["broker"]["users"]["intake"])
        found = eventually(
            lambda: all(words in (shown := top.screen()) for words in TOLD[language]) and shown, PATIENCE
        )
        lines = found.splitlines()
        assert len(lines) <= LINES
        assert max(map(cell_len, lines)) <= COLUMNS
        assert "…" not in found
        assert "1 pauses ended" in typed(fengge, "control", "resume", "dispatch", "--reason", reason)
        eventually(lambda: reason not in top.screen(), PATIENCE)
        top.interrupt()
        assert top.ended(PATIENCE) == 0
    assert top.written().endswith("\x1b[?1049l")  # the shell has its screen back


def test_what_is_done_before_maintenance_is_typed_and_undone(fengge: Fengge) -> None:
    typed(fengge, "control", "drain", "evaluation", "--for", "5", "--reason", "maintenance")
    assert paused(fengge) == [("evaluation", "all", "maintenance")]
    assert "is paused" in typed(fengge, "control", "drain", "evaluation", "--reason", "maintenance", status=1)
    typed(fengge, "control", "resume", "evaluation", "--reason", "done")
    assert typed(fengge, "control", "list") == "nothing is paused\n"
    assert typed(fengge, "control", "topology") == "every exchange and queue is there\n"


def test_a_period_is_counted_before_it_is_sent_and_takes_effect_once(fengge: Fengge) -> None:
    now = datetime.now()  # noqa: DTZ005 (as an operator types it)
    period = [
        f"--from={now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        f"--to={now + timedelta(minutes=2):%Y-%m-%dT%H:%M}",
    ]
    counted = typed(fengge, "control", "replay", "dispatch", *period)
    assert "counted only; --do sends them" in counted
    assert "say why" in typed(fengge, "control", "replay", "dispatch", *period, "--do", status=2)
    sent = typed(fengge, "control", "replay", "dispatch", *period, "--do", "--reason", "drill")
    assert "messages sent again" in sent
    eventually(lambda: typed(fengge, "top", "--once", "--lang", "en"), PATIENCE)
