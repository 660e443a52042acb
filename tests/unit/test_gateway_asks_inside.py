"""Who asks about webhooks waits for the notification service; nobody else waits behind him."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from contracts.subscriptions import List, Told
from services.gateway.inside import AT_ONCE, Inside
from services.gateway.problems import Refused

QUESTION = List(owner="kangning")


class Door:
    """An inside door that answers when it is told to."""

    def __init__(self) -> None:
        self.open, self.came = threading.Event(), threading.Semaphore(0)
        self.body, self.url = b'{"answer": {"webhooks": []}}', ""


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One question; http.server calls this by name."""
            self.rfile.read(int(self.headers["Content-Length"]))
            door.came.release()
            door.open.wait(10)
            self.send_response(200)
            self.send_header("Content-Length", str(len(door.body)))
            self.end_headers()
            self.wfile.write(door.body)

        def log_message(self, *_: object) -> None:
            """Says nothing on the test's output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    yield door
    door.open.set()
    server.shutdown()
    server.server_close()


def refused(inside: Inside) -> Refused:
    with pytest.raises(Refused) as found:
        inside.ask(QUESTION)
    return found.value


def test_where_nobody_is_to_be_asked_that_is_said() -> None:
    assert not Inside("", "t").known
    assert refused(Inside("", "t")).status == 404
    assert (away := refused(Inside("http://127.0.0.1:9", "t"))).status == 503
    assert away.retry_after


def test_while_some_wait_for_a_door_that_hangs_others_are_answered_at_once(door: Door) -> None:
    inside = Inside(door.url, "t")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(inside.ask, QUESTION) for _ in range(AT_ONCE)]
        for _ in waiting:
            assert door.came.acquire(timeout=5)
        assert refused(inside).status == 503
        door.open.set()
        assert [each.result(5) for each in waiting] == [Told(answer={"webhooks": []})] * AT_ONCE
    assert inside.ask(QUESTION).status == 200


def test_what_cannot_be_done_is_refused_with_its_own_reason(door: Door) -> None:
    door.open.set()
    inside = Inside(door.url, "t")
    door.body = b'{"problem": "webhook", "status": 409, "detail": "it is not active"}'
    found = refused(inside)
    assert (found.problem, found.status, found.detail) == ("webhook", 409, "it is not active")
    door.body = b"<html>"
    assert refused(inside).status == 503
