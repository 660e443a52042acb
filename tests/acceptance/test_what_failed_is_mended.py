"""What is parked in a running house is seen to in a real browser; a room killed half-way goes on."""

import json
import os
import signal
from typing import Any
from uuid import uuid4

import pika
import psycopg
import pytest

from contracts.numbering import ticket_number
from tests.acceptance.conftest import Fengge, eventually
from tests.browser import Eyes, Language

SOURCE = "urn:test:failed"
MANY = 40
BOTH = pytest.mark.parametrize(("language", "narrow"), [("zh", False), ("en", True)])
BORN = """
SELECT count(*), count(DISTINCT ticket) FROM history WHERE ticket = ANY(%s) AND type LIKE '%%TicketReceived%%'
"""


def request(name: str) -> dict[str, Any]:
    """A request of its own."""
    return {
        "specversion": "1.0", "id": name, "source": SOURCE, "type": "cn.fengge.intake.RequestSubmitted.v1",
        "time": "2026-11-21T08:00:00Z",
        "data": {"external_id": name, "channel": "hotline_12345", "title": "路灯不亮"},
    }  # fmt: skip


def park(fengge: Fengge, count: int) -> list[str]:
    """So many requests whose sender names the wrong content type; the numbers of their tickets."""
    endpoints = json.loads((fengge.run / "endpoints.json").read_text())
    names = [f"failed-{uuid4()}" for _ in range(count)]
    with pika.BlockingConnection(pika.URLParameters(endpoints["broker"]["users"]["intake"])) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for name in names:
            properties = pika.BasicProperties(content_type="text/plain", message_id=name)
            channel.basic_publish("gov.inbound", "request.x", json.dumps(request(name)).encode(), properties)
    found = eventually(lambda: (each := group(fengge)) and each["records"] >= count and each)
    assert found["reason"] == "content-type"
    return [ticket_number(SOURCE, name) for name in names]


def group(fengge: Fengge) -> dict[str, Any] | None:
    """The group of what has the wrong content type."""
    rows = fengge.json("parked", "groups", "--service", "ticket")
    return next((row for row in rows if row["reason"] == "content-type"), None)


def born(fengge: Fengge, tickets: list[str]) -> tuple[int, int]:
    """How often these tickets were received, and how many of them."""
    endpoints = json.loads((fengge.run / "endpoints.json").read_text())
    with psycopg.connect(endpoints["database"]["roles"]["ticket"]) as tx:
        row = tx.execute(BORN, [tickets]).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.fixture(scope="module")
def tidy(fengge: Fengge) -> None:
    """What others have left open is out of the way."""
    for row in fengge.json("parked", "groups"):
        words = ("--group", row["group"], "--here", "--rate", "500", "--reason", "left over")
        fengge("parked", "archive", *words)


def test_an_operator_mends_a_group_with_the_buttons_of_the_page(
    fengge: Fengge, eyes: Eyes, tidy: None
) -> None:
    tickets = park(fengge, 5)
    with eyes.on("/failed", role="operator") as page:
        eyes.judge(page)
        page.click("tbody a")
        eyes.judge(page)
        page.fill("#rate", "20")
        page.click("text=试算：重试本组")
        page.wait_for_selector("text=试算（未作改变）")
        eyes.judge(page)
        eyes.keep(page, "failed-plan-zh")
        assert born(fengge, tickets) == (0, 0)
        page.fill("#reason", "发送方已更正")
        page.click("text=确认重试")
        page.wait_for_selector("#state:has-text('已完成')")  # by itself, as the part is asked for again
        eyes.judge(page)
    eventually(lambda: born(fengge, tickets) == (5, 5))


@BOTH
def test_pages_of_what_failed_are_good_to_look_at(
    fengge: Fengge, eyes: Eyes, tidy: None, language: Language, narrow: bool
) -> None:
    park(fengge, 1)
    with eyes.on("/now", role="operator", language=language, narrow=narrow, dark=narrow) as page:
        page.wait_for_selector("article[data-kind='parked']")  # the part is asked for again by itself
        eyes.judge(page)
        eyes.keep(page, f"now-{language}")
    with eyes.on("/failed", role="supervisor", language=language, narrow=narrow) as page:
        eyes.judge(page)
        eyes.keep(page, f"failed-{language}")
        page.click("tbody a")
        page.click("tbody a")
        eyes.judge(page)
        eyes.keep(page, f"failed-record-{language}")
        page.fill("#purpose", "to mend it")
        page.click("text=查看原文" if language == "zh" else "text=See the original")
        page.wait_for_selector("#body")
        eyes.judge(page)
        page.fill("#body", page.input_value("#body").replace("路灯不亮", "路灯又不亮"))
        page.click("text=核对修改" if language == "zh" else "text=Check >> visible=true")
        page.wait_for_selector("code:has-text('/data/title')")
        eyes.judge(page)
        eyes.keep(page, f"failed-edit-{language}")
        page.fill("#reason", "the title was cut")
        page.click("text=确认修改并重试" if language == "zh" else "text=Retry with this body")
        page.wait_for_selector(
            "#state:has-text('已重试')" if language == "zh" else "#state:has-text('retried')"
        )


def test_without_scripts_a_group_is_seen_to_as_well(fengge: Fengge, eyes: Eyes, tidy: None) -> None:
    tickets = park(fengge, 2)
    with eyes.on("/failed", role="operator", language="en", scripts=False) as page:
        page.click("tbody a")
        page.click("text=Dry run: retry this group")
        page.fill("#reason", "mended")
        page.click("text=Retry them")
        page.wait_for_selector("dd:has-text('/ 2')")
    eventually(lambda: born(fengge, tickets) == (2, 2))


def test_a_room_that_is_killed_half_way_goes_on_and_does_nothing_twice(fengge: Fengge, tidy: None) -> None:
    tickets = park(fengge, MANY)
    found = group(fengge)
    assert found
    words = ("parked", "retry", "--group", found["group"], "--rate", "12", "--reason", "mended")
    assert fengge.json(*words, "--dry-run")["records"] == MANY
    job = fengge.json(*words)["id"]
    eventually(lambda: 8 <= fengge.json("parked", "job", str(job))["done"] < MANY)
    os.kill(fengge.processes()["console"]["pid"], signal.SIGKILL)
    last = eventually(lambda: (each := fengge.json("parked", "job", str(job)))["state"] == "done" and each)
    assert (last["done"], last["left_as_is"]) == (MANY, 0)
    eventually(lambda: born(fengge, tickets)[0] >= MANY)
    assert born(fengge, tickets) == (MANY, MANY)


def test_whoever_is_on_the_terminal_sees_to_it_without_a_room(fengge: Fengge, tidy: None) -> None:
    tickets = park(fengge, 3)
    found = group(fengge)
    assert found
    said = fengge(
        "parked", "archive", "--group", found["group"], "--here", "--follow", "--reason", "not ours"
    )
    assert "done: 3/3 (100 %)" in said
    job = fengge.json("parked", "jobs")[0]["id"]
    assert "restore" in fengge("parked", "undo", str(job), "--dry-run", "--reason", "ours")
    fengge("parked", "undo", str(job), "--here", "--reason", "ours after all")
    fengge("parked", "retry", "--group", found["group"], "--here", "--reason", "mended")
    eventually(lambda: born(fengge, tickets) == (3, 3))
