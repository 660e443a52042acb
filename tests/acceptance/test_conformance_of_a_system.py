"""An integrator tries a test system, right and wrong, by HTTP and by AMQP, and is told what does not hold."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from contracts.conformance.door import Door
from contracts.conformance.wrong import WRONG, request
from contracts.numbering import ticket_number
from tests.acceptance.conftest import Fengge, eventually

SOURCE = "urn:acceptance:conformance"
TIME = "2026-11-21T08:12:05+08:00"


@pytest.fixture(scope="module")
def by_http(fengge: Fengge) -> tuple[str, ...]:
    """The gateway, and how one says who one is."""
    document = json.loads((fengge.run / "endpoints.json").read_text())
    key = fengge.json("client", "add", "conformance", "--source", SOURCE)["key"]
    gateway = document["gateway"]["gateway"]
    door = Door(gateway, key)
    eventually(lambda: door.ask("GET", "/tickets/x").status == 404)  # a key is known within a second
    return gateway, "--key", key


@pytest.fixture(scope="module")
def by_amqp(fengge: Fengge) -> Iterator[str]:
    """The broker as a system of another office enters it."""
    document = json.loads((fengge.run / "endpoints.json").read_text())
    told = fengge.json(
        "client", "add", "conformance-amqp", "--auth", "amqp", "--source", SOURCE, "--event",
        "RequestSubmitted", "--event", "RequestCancelled",
    )  # fmt: skip
    parts = urlsplit(document["broker"]["url"])
    login = f"{told['key']}:{told['secret']}@{parts.netloc.rpartition('@')[2]}"
    yield parts._replace(netloc=login).geturl()
    fengge("client", "revoke", "conformance-amqp")


def lines(path: Path, *events: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events))
    return str(path)


def test_a_gateway_answers_everything_as_it_is_written(fengge: Fengge, by_http: tuple[str, ...]) -> None:
    said = fengge("conformance", *by_http, "--source", SOURCE).splitlines()
    assert [line for line in said if not line.startswith("ok ")] == [
        f"{len(said) - 1} steps, 0 wrong, 0 warnings"
    ]
    for wrong in WRONG:
        assert f"ok      wrong: {wrong.name}" in said


def test_a_broker_and_the_services_answer_everything_as_it_is_written(fengge: Fengge, by_amqp: str) -> None:
    told = fengge.json("conformance", by_amqp, "--source", SOURCE)
    assert [step for step in told if step["failure"] is not None] == []
    names = {step["name"] for step in told}
    assert {f"wrong: {wrong.name}" for wrong in WRONG} < names
    assert {"a request that is a ticket already", "refused: signing with another name"} < names


def test_who_is_not_let_in_is_told_at_every_step(
    fengge: Fengge, by_http: tuple[str, ...], by_amqp: str
) -> None:
    url, option, _ = by_http
    said = fengge("conformance", url, option, "fgk.nobody.1.x", "--source", SOURCE, status=1)
    assert "FAILED  one event, structured: expected status 202; got 401 unauthorized" in said
    said = fengge("conformance", by_amqp.replace("-amqp:", "-amqp:x"), "--source", SOURCE, status=1)
    assert "check user, password" in said


def test_messages_of_a_file_are_told_line_by_line_what_the_gateway_refuses(
    fengge: Fengge, by_http: tuple[str, ...], tmp_path: Path
) -> None:
    run = str(uuid4())
    unknown = request(SOURCE, run, TIME, "2") | {
        "type": "cn.fengge.intake.RequestCancelled.v1", "data": {"ticket": ticket_number(SOURCE, "nothing")},
    }  # fmt: skip
    file = lines(
        tmp_path / "a.jsonl", request(SOURCE, run, TIME), request("urn:x", run, TIME), {"id": 7}, unknown
    )
    said = fengge("conformance", *by_http, file, status=1)
    assert f"{file}:2: error: forbidden: this source is not yours" in said
    assert f"{file}:3: error: envelope: /id: Not a valid string." in said
    assert f"{file}:4: error: unknown-ticket" in said
    assert f"{file}:1:" not in said


def test_messages_of_a_file_are_told_line_by_line_what_the_services_refuse(
    fengge: Fengge, by_amqp: str, tmp_path: Path
) -> None:
    run = str(uuid4())
    unknown = request(SOURCE, run, TIME, "2") | {
        "type": "cn.fengge.intake.RequestCancelled.v1", "data": {"ticket": ticket_number(SOURCE, run + "x")},
    }  # fmt: skip
    file = lines(tmp_path / "a.jsonl", request(SOURCE, run, TIME), unknown)
    said = fengge("conformance", by_amqp, file, "--wait", "5", status=1)
    assert f"{file}:2: error: unknown-ticket" in said
    assert f"{file}:1:" not in said


class YesMan(BaseHTTPRequestHandler):
    """A gateway that takes everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        body = b'{"state": "accepted", "ticket": "x"}'
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def yes_man() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), YesMan) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_gateway_that_takes_everything_fails_every_step(fengge: Fengge) -> None:
    with yes_man() as url:
        said = fengge("conformance", url, "--key", "x", "--source", SOURCE, "--wait", "0.1", status=1)
    *steps, summary = said.splitlines()
    assert {line.partition(" ")[0] for line in steps} == {"FAILED"}
    assert len(steps) > len(WRONG)
    assert summary.endswith(f"{len(steps)} wrong, 0 warnings")


WRONGLY_CALLED = {
    "a URL without a key": ("http://127.0.0.1:9", "--source", SOURCE),
    "a URL of another kind": ("ftp://x",),
    "no source": ("http://127.0.0.1:9", "--key", "x"),
    "a file that is not there": ("nothing.jsonl",),
    "nobody there": ("http://127.0.0.1:9", "--key", "x", "--source", SOURCE),
    "no broker there": ("amqp://127.0.0.1:9", "--source", SOURCE, "--wait", "1"),
}


@pytest.mark.parametrize("what", WRONGLY_CALLED)
def test_what_cannot_be_tried_is_told_why(fengge: Fengge, what: str) -> None:
    assert fengge("conformance", *WRONGLY_CALLED[what], status=1).strip()
