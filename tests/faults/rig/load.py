"""The recorded generator: asks, answers offers, works and rates, and records each confirmed input."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import pika
from msgspec.structs import replace

from bench.people import CATEGORIES, GRIDS, answer, events_in, request
from contracts.cloudevent import CloudEvent
from contracts.event import Event, publisher_of
from contracts.intake import ticket_of
from contracts.publisher import INSIDE, Publisher, PublishFailed
from contracts.publisher.errors import TROUBLE
from tests.faults.rig.record import Record

QUEUE = "world.drill"
FACTS = ("ticket.events", "dispatch.events", "evaluation.events")
ENDLESS = 10**9
"""Requests that are asked for until there is to be `no_more`."""
CHUNK = 50
"""Events sent together at most."""
CONFIRM = 4.0
"""Seconds without a confirm after which the same events are sent again."""
WRITES_EVERY = 5
"""One requester in so many has a mail address."""


def listen(channel: Any, shards: int, *, on_disk: bool = True) -> None:
    """Declares the queue in which the world hears facts; one that is not on disk is gone with the broker.

    Once for a house: RabbitMQ 3.10 may not recover a quorum queue that it made seconds before it was killed.
    """
    kind = "quorum" if on_disk else "classic"
    channel.queue_declare(QUEUE, durable=on_disk, arguments={"x-queue-type": kind})
    for exchange in FACTS:
        for shard in range(shards):
            channel.queue_bind(QUEUE, exchange, str(shard))


SECOND = timedelta(seconds=1)


class Load:
    """Requests `urn:drill:<name>` at a pace, and what everybody concerned says, over the URL of `world`."""

    def __init__(self, url: str, record: Record, name: str) -> None:
        self._url, self._record, self._name = url, record, name
        self._source = f"urn:drill:{name}"
        self._enough, self.no_more = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._sent: list[CloudEvent[Event]] = []
        self._mine: set[str] = set()
        self.tickets: list[str] = []
        self.confirmed = 0
        self.asked_at = 0.0
        self.answers = True
        self.letters = True
        self.writes_every = WRITES_EVERY
        self.repeat = 1

    def start(self, count: int, rate: float) -> None:
        """Begins to ask `count` times, `rate` a second, and to answer; returns at once."""
        if not self._threads:
            with pika.BlockingConnection(self._parameters()) as connection:
                connection.channel().queue_purge(QUEUE)
            if self.answers:
                self._run(self._answer_until_enough)
        self._asking = self._run(lambda: self._ask(count, rate))

    @property
    def asked(self) -> bool:
        """Whether every request is confirmed."""
        return not self._asking.is_alive()

    def close(self) -> None:
        """Ends asking and answering."""
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def publish(self, publisher: Publisher, events: Sequence[CloudEvent[Event]]) -> None:
        """Sends events until the broker has confirmed every one, always with the same ids; records them."""
        left = list(events)
        while left and not self._enough.is_set():
            try:
                for late in range(self.repeat):
                    publisher.submit_many(replace(event, time=event.time + late * SECOND) for event in left)
                left = []
            except PublishFailed as failure:
                unsure = set(getattr(failure, "ids", [event.id for event in left]))
                left = [event for event in left if event.id in unsure]
                self._enough.wait(0.2)
        if not left:
            self._record.accepted(_input(event) for event in events)
            self._sent += events

    def send_again(self) -> None:
        """Sends everything that was confirmed once more, as outside systems do when a broker has lost it."""
        with self._publisher() as publisher:
            publisher.submit_many(list(self._sent))

    def _run(self, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work)
        thread.start()
        self._threads.append(thread)
        return thread

    def _publisher(self) -> Publisher:
        return Publisher(self._url, source=self._source, timeout=CONFIRM, exchange=INSIDE)

    def _ask(self, count: int, rate: float) -> None:
        begun, first = time.monotonic(), len(self.tickets)
        sent = 0
        with self._publisher() as publisher:
            while sent < count and not self._ends(count):
                due = min(int((time.monotonic() - begun) * rate) + 1, count, sent + CHUNK)
                if due > sent:
                    self.publish(publisher, [self._request(publisher, first + n) for n in range(sent, due)])
                    self.confirmed += due - sent
                    sent = due
                self._enough.wait(0.5 / rate)
        self.asked_at = time.monotonic()

    def _ends(self, count: int) -> bool:
        return self._enough.is_set() or (count == ENDLESS and self.no_more.is_set())

    def _request(self, publisher: Publisher, number: int) -> CloudEvent[Event]:
        email = f"resident{number}@example.org" if self.letters and number % self.writes_every == 0 else None
        event = request(f"{self._name}-{number}", number, GRIDS, CATEGORIES, email)
        self.tickets.append(ticket_of(self._source, event))
        self._mine.add(self.tickets[-1])
        return publisher.enveloped(event, f"{self._name}.{number}")

    def _answer_until_enough(self) -> None:
        with self._publisher() as publisher:
            while not self._enough.is_set():
                try:
                    self._answer(publisher)
                except (*TROUBLE, OSError, ValueError):  # the last one: reset in the moment it connected
                    self._enough.wait(0.3)

    def _answer(self, publisher: Publisher) -> None:
        with pika.BlockingConnection(self._parameters()) as connection:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=200)
            answers: list[CloudEvent[Event]] = []
            tag = 0
            for method, _, body in channel.consume(QUEUE, inactivity_timeout=0.05):
                if method is not None:
                    answers += self._answers(publisher, body)
                    tag = method.delivery_tag
                if tag and (method is None or len(answers) >= CHUNK):
                    self.publish(publisher, answers)
                    channel.basic_ack(tag, multiple=True)
                    answers, tag = [], 0
                if self._enough.is_set():
                    return

    def _answers(self, publisher: Publisher, body: bytes) -> Iterable[CloudEvent[Event]]:
        """Each answer carries the id of its question: who asks twice hears the same answer."""
        for event in events_in(body):
            if event.partitionkey in self._mine and (said := answer(event)):
                yield publisher.enveloped(said, f"{event.id}.answer", event.time)

    def _parameters(self) -> pika.URLParameters:
        parameters = pika.URLParameters(self._url)
        parameters.heartbeat = 4
        parameters.socket_timeout = parameters.stack_timeout = 4
        parameters.blocked_connection_timeout = 4
        return parameters


def _input(event: CloudEvent[Event]) -> dict[str, str]:
    assert publisher_of(type(event.data)) == "intake"
    return {
        "source": event.source,
        "id": event.id,
        "type": event.type,
        "ticket": ticket_of(event.source, event.data),
        "digest": "",
    }
