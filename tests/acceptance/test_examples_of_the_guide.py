"""The programs of the integrators' guide do what it says, run as they stand there."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from contracts.numbering import ticket_number
from tests.acceptance.conftest import Fengge, eventually

DOCS = Path(__file__).parents[2] / "docs"
SOURCE = "urn:hotline:12345"


def programs(guide: str) -> list[str]:
    """The guide's programs: with our publisher, with pika, hearing, and without any library."""
    text = (DOCS / guide).read_text(encoding="utf-8")
    found = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert [re.search(mark, program) is not None for mark, program in zip(MARKS, found, strict=True)] == [
        True
    ] * 4
    return found


MARKS = ("Publisher", "basic_publish", r"gov\.facts", r"socket\.create")
PUBLISHER, PIKA, HEARS, RAW = programs("integrators.md")


@pytest.fixture(scope="module")
def url(fengge: Fengge) -> Iterator[str]:
    """The broker for a system that sends requests and hears of their tickets."""
    document = json.loads((fengge.run / "endpoints.json").read_text())
    told = fengge.json(
        "client", "add", "guide", "--auth", "amqp", "--source", SOURCE, "--event", "RequestSubmitted",
        "--hears", "TicketReceived",
    )  # fmt: skip
    parts = urlsplit(document["broker"]["url"])
    login = f"guide:{told['secret']}@{parts.netloc.rpartition('@')[2]}"
    yield parts._replace(netloc=login).geturl()
    fengge("client", "revoke", "guide")


def started(program: str, url: str) -> subprocess.CompletedProcess[str]:
    """A program that has ended."""
    argv, env = [sys.executable, "-W", "error", "-c", program], os.environ | {"AMQP_URL": url}
    return subprocess.run(argv, env=env, text=True, capture_output=True, timeout=60)


def run(program: str, url: str) -> str:
    """What a program prints; it must end well."""
    done = started(program, url)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_way_of_sending_is_confirmed_and_ends_in_a_ticket_of_which_one_hears(url: str) -> None:
    assert run(PIKA, url) == "confirmed GD20261121000173/1\n"
    assert run(RAW, url) == "confirmed GD20261121000174/1\n"
    assert run(PUBLISHER, url) == "confirmed 2\n"  # its first event is the one that pika has sent: no refusal
    wanted = {ticket_number(SOURCE, f"GD2026112100017{last}") for last in "3456"}
    told: set[tuple[str, str]] = set()

    def heard() -> bool:
        lines = (line.split(maxsplit=2) for line in run(HEARS, url).splitlines())
        told.update((kind, number) for kind, number, _ in lines)
        return len(told) == len(wanted)

    eventually(heard)
    assert told == {("cn.fengge.ticket.TicketReceived.v1", number) for number in wanted}


def test_what_is_not_taken_is_told(url: str) -> None:
    assert "refused" in run(PIKA.replace('"hotline_12345"', '"fax"').replace("/1", "/2"), url)
    done = started(RAW.replace('"gov.outside"', '"gov.inbound"'), url)
    assert done.returncode == 1
    assert "ACCESS_REFUSED" in done.stderr


def test_the_chinese_guide_has_the_same_programs() -> None:
    def code(program: str) -> str:
        return re.sub(r"  #.*", "", program)

    assert [code(each) for each in programs("integrators.zh-CN.md")] == [
        code(each) for each in (PUBLISHER, PIKA, HEARS, RAW)
    ]
