"""Requesters and assignees for the benchmarks: they ask, accept, contact, finish and rate at once."""

import argparse
import gc
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bench import people
from bench.wire import Publisher, Reader, connect
from contracts import ticket
from contracts.cloudevent import SINGLE, CloudEvent
from contracts.event import Event, type_of
from contracts.intake import routing_key, ticket_of
from contracts.numbering import ticket_number

SOURCE = "/bench/world"
STUCK = 10.0
"""Seconds without a closed ticket after which what is still open is given up (the usual way loses some)."""
CLOSED = type_of(ticket.TicketClosed)
STOCK_KEYS = (people.OFFER, people.ACCEPTED, people.CONTACTED, people.ASKED, CLOSED)
FACTS = ("ticket.events", "dispatch.events", "evaluation.events")


class World:
    """One process that plays all requesters and assignees over one connection."""

    def __init__(self, url: str, run: str, shards: int, *, stock: bool) -> None:
        self._run, self._stock, self._numbers = run, stock, count()
        self._connection = connect(url)
        self._publisher = Publisher(self._connection, urlsplit(url).username)
        channel = self._connection.channel()
        queue = f"world.bench.{run}"
        channel.queue_declare(queue, durable=False, exclusive=False, auto_delete=True)
        for exchange in FACTS:
            for key in STOCK_KEYS if stock else map(str, range(shards)):
                channel.queue_bind(queue, f"stock_{exchange}" if stock else exchange, key)
        self._reader = Reader(self._connection, [queue])
        self.submitted: dict[str, float] = {}
        self.assigned: dict[str, float] = {}
        self.closed: dict[str, float] = {}

    def submit(self, numbers: range, grids: list[str], categories: list[str]) -> None:
        """Sends requests and notes when each was confirmed."""
        requests = [people.request(f"{self._run}-{number}", number, grids, categories) for number in numbers]
        self._publisher.publish(self._message(request) for request in requests)
        confirmed = time.time()
        for request in requests:
            self.submitted[ticket_number(SOURCE, request.external_id)] = confirmed

    def answer(self, seconds: float) -> int:
        """Answers what has come within `seconds`; how many tickets are closed by now."""
        answers = [answer for body in self._reader.take(seconds) for answer in self._answers(body)]
        if answers:
            self._publisher.publish(self._message(answer) for answer in answers)
        return len(self.closed)

    def _message(self, event: Event) -> tuple[str, str, str, bytes]:
        envelope: CloudEvent[Any] = CloudEvent(
            specversion="1.0", id=f"{self._run}.{next(self._numbers)}", source=SOURCE,
            type=type_of(type(event)), time=datetime.now(UTC), data=event,
            partitionkey=ticket_of(SOURCE, event),
        )  # fmt: skip
        body = msgspec.json.encode(envelope)
        if self._stock:  # nameko's dispatcher sends its payload as a JSON value
            return (
                "stock_intake.events",
                envelope.type,
                "application/json",
                msgspec.json.encode(body.decode()),
            )
        return "gov.inbound", routing_key(SOURCE, event), SINGLE, body

    def _answers(self, body: bytes) -> Iterator[Event]:
        if self._stock:
            body = msgspec.json.decode(body, type=str).encode()
        for event in people.events_in(body):
            number = event.partitionkey
            if number not in self.submitted:
                continue
            self._note(event.type, number)
            if answer := people.answer(event):
                yield answer

    def _note(self, event_type: str, number: str) -> None:
        if event_type == people.ACCEPTED:
            self.assigned.setdefault(number, time.time())
        elif event_type == CLOSED:
            self.closed.setdefault(number, time.time())


def flood(world: World, tickets: int, window: int, choice: dict[str, list[str]], limit: float) -> None:
    """Keeps at most `window` tickets open until `tickets` are closed or `limit` seconds are over."""
    sent, end, moved = 0, time.time() + limit, (0, time.time())
    while len(world.closed) < tickets and time.time() < end:
        if len(world.closed) > moved[0] or not world.closed:
            moved = (len(world.closed), time.time())
        elif time.time() - moved[1] > STUCK:
            return
        open_ = sent - len(world.closed)
        if sent < tickets and open_ < window:
            more = min(200, tickets - sent, window - open_)
            world.submit(range(sent, sent + more), **choice)
            sent += more
            world.answer(0.001)
        else:
            world.answer(0.2)


def pace(world: World, tickets: int, rate: float, choice: dict[str, list[str]], limit: float) -> None:
    """Sends `rate` requests a second, evenly, and answers as it goes."""
    start, sent, end = time.time(), 0, time.time() + limit
    while len(world.closed) < tickets and time.time() < end:
        due = min(int((time.time() - start) * rate) + 1, tickets)
        if sent < due:
            world.submit(range(sent, due), **choice)
            sent = due
        world.answer(max(start + sent / rate - time.time(), 0.001) if sent < tickets else 0.1)


def main() -> int:
    """Plays and prints one JSON object: seconds, counts and latencies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--tickets", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--window", type=int, default=2500, help="tickets that are open at most")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--stock", action="store_true", help="talk to the stock services")
    parser.add_argument("--limit", type=float, default=300.0)
    parser.add_argument("--each", action="store_true", help="also tell of each ticket when and how long")
    parser.add_argument("--choice", type=json.loads, required=True)
    asked = parser.parse_args()
    gc.disable()  # nothing here makes cycles, and whoever plays residents should cost the house little
    world = World(asked.url, asked.run, asked.shards, stock=asked.stock)
    start = time.time()
    if asked.rate:
        pace(world, asked.tickets, asked.rate, asked.choice, asked.limit)
    else:
        flood(world, asked.tickets, asked.window, asked.choice, asked.limit)
    last = max(world.closed.values(), default=time.time())
    told: dict[str, Any] = {
        "tickets": asked.tickets,
        "closed": len(world.closed),
        "seconds": last - start,
        "assigned_ms": _spans(world.submitted, world.assigned),
        "closed_ms": _spans(world.submitted, world.closed),
    }
    if asked.each:
        told["each"] = [(at, 1000 * (world.assigned[key] - at)) for key, at in world.submitted.items()]
    print(json.dumps(told))
    return 0 if len(world.closed) == asked.tickets else 1


def _spans(begins: dict[str, float], ends: dict[str, float]) -> dict[str, float]:
    spans = sorted(1000 * (ends[key] - begins[key]) for key in ends)
    if not spans:
        return {}
    return {
        f"p{part}": round(spans[min(len(spans) * part // 100, len(spans) - 1)], 1) for part in (50, 95, 99)
    }


if __name__ == "__main__":
    sys.exit(main())
