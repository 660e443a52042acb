"""Brings the simulated people to the broker: facts in, their answers out, each at least once."""

import heapq
import logging
import threading
import time
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

import pika

from cli.demo.whim import Answer, World
from contracts import cloudevent, intake
from contracts.broker import parameters_of
from contracts.cloudevent import SINGLE, CloudEvent
from contracts.event import Event, type_of
from contracts.publisher import INSIDE, Publisher, PublishFailed
from contracts.publisher.errors import TROUBLE
from contracts.registry import SERVICES

USER = "world"
QUEUE = "world.facts"
REPLIES = "gov.replies.world"
TIMEOUT = 10.0
LOOK = 0.1  # seconds between looks at the stop flag and at answers that are due
DELIVERY_LIMIT = 100_000

log = logging.getLogger(__name__)


class Stage(threading.Thread):
    """Hears every fact as `world`, answers after a while, acknowledges what is answered in full.

    What was not acknowledged when the connection broke comes again and gets the same answers with the same
    ids and times, which Fengge takes once.
    """

    def __init__(self, url: str, shards: int, world: World) -> None:
        super().__init__(name="world", daemon=True)
        self._url, self._shards, self._world = url, shards, world
        self._stopping = threading.Event()
        self._opened = threading.Event()
        self.answered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def open(self, patience: float = 30.0) -> bool:
        """Starts; True once every fact from now on will be heard."""
        self.start()
        return self._opened.wait(patience)

    def close(self) -> None:
        """Ends the performance and takes the queue away."""
        self._stopping.set()
        if self.is_alive():
            self.join(TIMEOUT)

    def run(self) -> None:
        """Plays until closed; opens a broken connection anew."""
        while not self._stopping.is_set():
            try:
                with Publisher(self._url, source=USER, exchange=INSIDE) as publisher:
                    self._perform(Act(self._world, publisher, self.answered))
            except (*TROUBLE, PublishFailed, OSError) as error:
                log.info("the world lost the broker (%s) and comes back", type(error).__name__)
                self._stopping.wait(0.5)

    def _perform(self, act: "Act") -> None:
        connection = pika.BlockingConnection(_parameters(self._url))
        try:
            channel = connection.channel()
            _declare(channel, self._shards)
            channel.basic_consume(QUEUE, act.hear)
            channel.basic_consume(REPLIES, self._hear_refusal)
            self._opened.set()
            while not self._stopping.is_set():
                connection.process_data_events(time_limit=act.next_in(LOOK))
                act.speak(channel)
            channel.queue_delete(QUEUE)
        finally:
            if connection.is_open:
                connection.close()

    def _hear_refusal(self, channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        (event,) = cloudevent.decode(SINGLE, body)
        refused = cloudevent.opened(event).data
        assert isinstance(refused, intake.EventRefused)
        self.refused[refused.problem.rpartition(":")[2]] += 1
        channel.basic_ack(method.delivery_tag)


class Act:
    """What has been heard over one connection and is not yet answered."""

    def __init__(self, world: World, publisher: Publisher, answered: Counter[str]) -> None:
        self._world, self._publisher, self._answered = world, publisher, answered
        self._due: list[tuple[float, int, CloudEvent[Event], int]] = []
        self._owed: Counter[int] = Counter()
        self._numbers = count()

    def hear(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        """Notes the answers to every fact of a message; a message that asks for none is done with."""
        tag = method.delivery_tag
        for raw in cloudevent.decode(properties.content_type, body):
            fact = cloudevent.opened(raw)
            for number, answer in enumerate(self._world.answers(fact)):
                due = (time.monotonic() + answer.after, next(self._numbers), told(fact, number, answer), tag)
                heapq.heappush(self._due, due)
                self._owed[tag] += 1
        self._acknowledge(channel, tag)

    def next_in(self, longest: float) -> float:
        """Seconds until the next answer is due."""
        return min(longest, max(0.0, self._due[0][0] - time.monotonic())) if self._due else longest

    def speak(self, channel: Any) -> None:
        """Publishes what is due, and acknowledges the messages that are answered in full."""
        ready = []
        while self._due and self._due[0][0] <= time.monotonic():
            _, _, event, tag = heapq.heappop(self._due)
            ready.append((event, tag))
        if ready:
            self._publisher.submit_many([event for event, _ in ready])
        for event, tag in ready:
            self._answered[type(event.data).__name__] += 1
            self._owed[tag] -= 1
            self._acknowledge(channel, tag)

    def _acknowledge(self, channel: Any, tag: int) -> None:
        if not self._owed[tag]:
            channel.basic_ack(tag)
            self._owed.pop(tag, None)


def told(fact: CloudEvent[Event], number: int, answer: Answer) -> CloudEvent[Event]:
    """The answer in its envelope; id and time follow from the fact, so that a second telling is a repeat."""
    return CloudEvent(
        specversion="1.0",
        id=f"{fact.id}.answer.{number}",
        source=answer.source,
        type=type_of(type(answer.event)),
        time=fact.time + timedelta(seconds=answer.after),
        data=answer.event,
        correlationid=fact.correlationid,
        traceparent=fact.traceparent,
    )


def _declare(channel: Any, shards: int) -> None:
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT}
    channel.queue_declare(QUEUE, durable=True, arguments=arguments)
    for service in SERVICES:
        for shard in range(shards):
            channel.queue_bind(QUEUE, f"{service}.events", str(shard))


def _parameters(url: str) -> pika.URLParameters:
    parameters = parameters_of(url)
    parameters.socket_timeout = parameters.blocked_connection_timeout = TIMEOUT
    parameters.client_properties = {"connection_name": USER}
    return parameters
