"""A hotline's day: which orders it has, what it says when it hears of one, and how each ends; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.hotline.city import City, Kind, Out
from contracts.hotline.members import Fact
from contracts.terms import CHINA

Row = dict[str, Any]

REMINDED, SUPERVISED, UNHAPPY = 3, 5, 4
"""Every so manieth order is urged, is put under supervision, is not resolved at first."""


@dataclass
class Order:
    """One work order: the kinds of messages said about it, the facts heard of it, what it ended with."""

    number: str
    row: Row
    said: list[str] = field(default_factory=list)
    heard: list[Fact] = field(default_factory=list)
    ended: str | None = None


class Day:
    """All orders of a day; `until` is the fact with which an order's part in it is over."""

    def __init__(self, city: City, orders: Sequence[Row], until: Fact) -> None:
        assert city.out
        self._city, self._out, self._until = city, city.out, until
        numbers = [str(row[city.fields.number]) for row in orders]
        self.orders = {number: Order(number, row) for number, row in zip(numbers, orders, strict=True)}
        self.strange = 0
        """Messages about orders that are not ours."""

    @property
    def over(self) -> bool:
        """Whether every order has ended."""
        return all(order.ended for order in self.orders.values())

    def opening(self) -> list[Row]:
        """The orders themselves."""
        for order in self.orders.values():
            order.said.append("order")
        return [order.row for order in self.orders.values()]

    def hear(self, message: Mapping[str, Any], at: datetime) -> list[Row]:
        """What is said in answer to a message; its order may end with it."""
        order = self.orders.get(str(message.get(self._out.number)))
        facts = facts_of(self._out, str(message.get(self._out.message)))
        if order is None or not facts:
            self.strange += 1
            return []
        again = any(fact in order.heard for fact in facts)
        order.heard.append(facts[0])
        if self._until in facts or facts[0] in ("TicketDeclined", "TicketTransferred", "TicketCancelled"):
            order.ended = facts[0]
        answers = self._answers(order, facts[0], again=again)
        order.said += [kind for kind, _ in answers]
        return [self._message(order, kind, more, at) for kind, more in answers]

    def refused(self, number: str) -> None:
        """A message was not taken; an order of which nothing was ever heard has ended with that."""
        if not self.orders[number].heard:
            self.orders[number].ended = "refused"

    def _answers(self, order: Order, fact: Fact, *, again: bool) -> list[tuple[Kind, Row]]:
        index = list(self.orders).index(order.number)
        if fact == "TicketAccepted" and not again:
            found: list[tuple[Kind, Row]] = [("remind", {})] if index % REMINDED == 0 else []
            return found + ([("supervise", {})] if index % SUPERVISED == 0 else [])
        if fact == "ExtensionRequested":
            return [("extension", self._words(approved=True))]
        if fact == "TicketHandled":
            happy = again or index % UNHAPPY != 0
            said = {"resolved": "yes", "satisfaction": "satisfied"} if happy else {
                "resolved": "no", "satisfaction": "dissatisfied"
            }  # fmt: skip
            return [("callback", self._words(**said))]
        return []

    def _words(self, **codes: Any) -> Row:
        """The city's fields and words for these members."""
        found = {}
        for name, code in codes.items():
            name_there = getattr(self._city.fields, name)
            found[name_there] = next(word for word, each in getattr(self._city, name).items() if each == code)
        return found

    def _message(self, order: Order, kind: Kind, more: Row, at: datetime) -> Row:
        fields, city = self._city.fields, self._city
        word = next(word for word, each in city.messages.items() if each == kind)
        time = {fields.time: at.astimezone(CHINA).strftime(city.times[0])} if fields.time else {}
        return {fields.message: word, fields.number: order.number} | time | more


def facts_of(out: Out, says: str) -> list[Fact]:
    """The facts that the city calls so."""
    return [fact for fact, told in out.facts.items() if told.says == says]


def orders_of(
    city: City, rows: Sequence[Mapping[str, Any]], number: int, tag: str, at: datetime
) -> list[Row]:
    """So many orders after those of a sheet, sent at this moment; no two say the same and are joined."""
    fields = city.fields
    patterns = [row for row in rows if city.messages.get(str(row.get(fields.message))) == "order"]
    time = {fields.time: at.astimezone(CHINA).strftime(city.times[0])} if fields.time else {}
    found = []
    for index in range(number if patterns else 0):
        pattern, name = patterns[index % len(patterns)], f"{tag}{index + 1:05d}"
        words = {fields.body: f"{pattern.get(fields.body) or ''}（{name}）"} if fields.body else {}
        found.append({**pattern, **words, **time, fields.number: name})
    return found
