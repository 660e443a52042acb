"""Plays a hotline's day against a gateway: orders out, webhooks in, answers out, until all have ended."""

import queue
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from chassis.clock import now
from cli.hotline.day import Day, Row, orders_of
from cli.hotline.door import Door
from cli.hotline.receiver import Receiver, receiving
from cli.hotline.trial import tried
from cli.say import Failure
from contracts.hotline.city import City
from contracts.hotline.members import Fact

LOOK = 0.2


@dataclass(frozen=True)
class Play:
    """What is played: `name` is the city's at the gateway, `here` where webhooks can reach us."""

    url: str
    key: str
    name: str
    city: City
    rows: Sequence[Mapping[str, Any]]
    number: int
    until: Fact
    seconds: float
    listen: tuple[str, int]
    here: str | None = None


@dataclass
class Account:
    """What came of a day."""

    day: Day
    refused: list[str] = field(default_factory=list)
    forged: int = 0
    seconds: float = 0.0

    @property
    def balanced(self) -> bool:
        """Whether every order has ended, nothing was refused, and nothing came that was not genuine."""
        return self.day.over and not self.refused and not self.forged


def play(script: Play) -> Account:
    """The whole day; raises Failure where it cannot begin."""
    tag = f"MOCK{now():%y%m%d%H%M%S}{uuid4().hex[:4].upper()}-"
    readable = [
        row
        for row, each in zip(script.rows, tried(script.city, script.rows, now()), strict=True)
        if each["event"]
    ]
    orders = orders_of(script.city, readable, script.number, tag, now())
    if not orders:
        raise Failure("The file has no orders that the city's file can read.")
    account = Account(Day(script.city, orders, script.until))
    door, begun = Door(script.url, script.key), time.monotonic()
    with receiving(*script.listen) as (receiver, port):
        hook = _subscribed(
            door, script, f"{script.here or f'http://{script.listen[0]}:{port}'}/hotline", receiver
        )
        try:
            _say(door, script, account, account.day.opening())
            _listen(door, script, account, receiver)
        finally:
            door.ask("DELETE", f"/webhooks/{hook}")
        account.forged = receiver.forged
    account.seconds = time.monotonic() - begun
    return account


def _subscribed(door: Door, script: Play, url: str, receiver: Receiver) -> str:
    """The webhook of this day, once the trial message has come through it."""
    name = f"mock-{uuid4().hex[:12]}"
    status, told = door.ask("POST", "/webhooks", {"name": name, "url": url, "hotline": script.name})
    if status != 201:
        raise Failure(f"No webhook: {status} {told.get('detail')}")
    receiver.secret = told["secret"]
    door.ask("POST", f"/webhooks/{name}/test")
    try:
        receiver.messages.get(timeout=script.seconds)
    except queue.Empty:
        door.ask("DELETE", f"/webhooks/{name}")
        raise Failure(f"No webhook comes to {url}; /webhooks/{name}/deliveries says why.") from None
    return name


def _listen(door: Door, script: Play, account: Account, receiver: Receiver) -> None:
    """Answers what comes, until the day is over or its time is."""
    end = time.monotonic() + script.seconds
    while not account.day.over and time.monotonic() < end:
        try:
            message = receiver.messages.get(timeout=LOOK)
        except queue.Empty:
            continue
        _say(door, script, account, account.day.hear(message, now()))


def _say(door: Door, script: Play, account: Account, messages: list[Row]) -> None:
    for row, result in zip(messages, door.hand_over(script.name, messages) if messages else [], strict=True):
        if result["status"] != 202:
            number = row[script.city.fields.number]
            account.refused.append(f"{number}: {result['status']} {result['problem']['detail']}")
            account.day.refused(number)
