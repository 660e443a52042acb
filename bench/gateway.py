"""How fast `POST /events` is, beside an endpoint that only commits a row: same server, same run, in turn."""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from werkzeug.wrappers import Request, Response

from chassis import settings
from chassis.database import Database
from chassis.meter import Meter
from chassis.migrate import migrate
from chassis.relay import Relay
from chassis.threads import SWITCH, Listener
from contracts.registry import LEDGERS
from deploy import topology
from deploy.local import DEFAULT_RUN, servers
from deploy.local.accounts import OWNER, SUPERUSER
from deploy.local.endpoints import Endpoints
from deploy.local.records import reserve_ports
from services.gateway.enrolment import Application, enrol
from services.gateway.service import GatewayService

RUN = DEFAULT_RUN / "bench-gateway"
CLIENTS = 8
FLOOR = "/floor"
SOURCE = "urn:bench:gateway"
TABLE = """
CREATE SCHEMA bench_gateway;
CREATE TABLE bench_gateway.floor (no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text);
GRANT USAGE ON SCHEMA bench_gateway TO gateway;
GRANT INSERT ON bench_gateway.floor TO gateway;
"""
INSERT = "INSERT INTO bench_gateway.floor (body) VALUES (%s)"

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


def rates(seconds: float, rounds: int) -> dict[str, float]:
    """Requests a second of both on servers of their own, the median of some rounds in turn.

    No service runs: what takes part is the gateway, its relay, the database and the broker.
    """
    with _servers() as endpoints, Serving(endpoints) as port:
        key = _key(endpoints.database_url("gateway"))
        _load(port, FLOOR, key, 1.0, -1)
        floors, events = [], []
        for number in range(rounds):
            floors.append(_load(port, FLOOR, key, seconds, number))
            events.append(_load(port, "/events", key, seconds, number))
            _await_published(endpoints.database_url("gateway"))
    floor, posted = statistics.median(floors), statistics.median(events)
    return {"floor_per_s": round(floor), "events_per_s": round(posted), "ratio": round(posted / floor, 2)}


@contextmanager
def _servers() -> Iterator[Endpoints]:
    servers.stop(RUN)
    shutil.rmtree(RUN, ignore_errors=True)
    with servers.running(RUN) as endpoints:
        migrate(endpoints.database_url(OWNER), LEDGERS)
        topology.apply(endpoints.amqp_url("admin"), 4, ["intake"])
        with psycopg.connect(endpoints.database_url(SUPERUSER), autocommit=True) as connection:
            connection.execute(TABLE.encode())
        yield endpoints
    shutil.rmtree(RUN, ignore_errors=True)


def _key(database_url: str) -> str:
    wanted = Application(name="bench", kind="api-key", sources=[SOURCE], types=["*"], by="bench")
    with psycopg.connect(database_url) as tx:
        given = enrol(tx, wanted, "")
    assert given
    time.sleep(1.1)  # the time within which a new client is promised to be known
    return given.key


def _await_published(database_url: str) -> None:
    """The next round begins when nothing of this one is under way."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        while connection.execute("SELECT FROM outbox WHERE sent_at IS NULL LIMIT 1").fetchone() is not None:
            time.sleep(0.1)


class Serving:
    """The server for the length of a block, in a process of its own; gives its port."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._port = reserve_ports(RUN, ["edge"])["edge"]
        env = os.environ | {
            "AMQP_URL": endpoints.amqp_url("gateway"),
            "DATABASE_URL": endpoints.database_url("gateway"), "GATEWAY_PORT": str(self._port),
            "GATEWAY_TOKEN": "b" * 40, "GATEWAY_RATE": "100000",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.gateway", "--serve"],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> int:
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n"
        return self._port

    def __exit__(self, *_: object) -> None:
        self._process.communicate(b"\n", timeout=60)


def _load(port: int, path: str, key: str, seconds: float, round_: int) -> float:
    """Answers a second to clients that each wait for one before they send the next."""
    counts = [0] * CLIENTS
    begun = time.monotonic()
    threads = [
        threading.Thread(target=_client, args=(port, path, key, begun + seconds, counts, number, round_))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - begun)


def _client(port: int, path: str, key: str, end: float, counts: list[int], number: int, round_: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < end:
            sock.sendall(_request(path, key, f"{os.getpid()}-{round_}-{number}-{counts[number]}"))
            answer = _answer(sock)
            if not answer.startswith(b"HTTP/1.1 20"):
                raise RuntimeError(answer[:300].decode("latin-1"))
            counts[number] += 1


def _answer(sock: socket.socket) -> bytes:
    """One whole answer; head and body may come apart."""
    told = b""
    while b"\r\n\r\n" not in told:
        told += sock.recv(65_536)
    head, _, body = told.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += sock.recv(65_536)
    return head


def _request(path: str, key: str, external_id: str) -> bytes:
    data = {
        "external_id": external_id,
        "channel": "hotline_12345",
        "title": "路灯不亮",
        "body": "三号楼" * 40,
    }
    event = {
        "specversion": "1.0", "id": external_id, "source": SOURCE, "time": "2026-11-21T08:00:00Z",
        "type": "cn.fengge.intake.RequestSubmitted.v1", "data": data,
    }  # fmt: skip
    body = json.dumps(event, ensure_ascii=False).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nX-API-Key: {key}\r\n"
        f"Content-Type: application/cloudevents+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _both(edge: App, database: Database) -> App:
    """The gateway's application, and beside it one that only keeps what it gets."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != FLOOR:
            return edge(environ, start_response)
        with database.transaction() as tx:
            tx.execute(INSERT, [Request(environ).get_data(as_text=True)])
        return Response(b"{}", 202, content_type="application/json")(environ, start_response)

    return app


def serve() -> None:
    """Listens until a line comes on standard input; the relay publishes meanwhile."""
    chosen = settings.read(os.environ)
    service = GatewayService()
    service.begin(chosen, Database(chosen, "bench gateway"))
    sys.setswitchinterval(SWITCH)  # as the gateway itself does
    relay = Relay(chosen, service.database, "gateway", Meter(), service.linger)
    listener = Listener(
        _both(service.edge(relay), Database(chosen, "bench floor")), "127.0.0.1", chosen.gateway_port
    )
    threads = [threading.Thread(target=work) for work in (relay.run, listener.run)]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.readline()
    listener.stop()
    relay.stop()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="be the server, until a line comes in")
    if parser.parse_args().serve:
        serve()
    else:
        print(json.dumps(rates(5.0, 3)))
