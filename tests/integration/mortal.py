"""Processes of the ledger that die, or lose their line, at a chosen point of their work."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import psycopg

from chassis.database import Connection, Database, Tx
from chassis.outbox import Message
from chassis.relay import Confirmed


class Death(BaseException):
    """Stands for kill -9: no border catches it, nothing more is written."""


@dataclass(frozen=True)
class Fate:
    """What befalls a process: in its n-th transaction from now, just before or just after the COMMIT.

    A `cut` loses the connection: before the COMMIT, or with the answer to it, so that its outcome is unknown.
    """

    nth: int
    moment: Literal["before", "after"]
    kind: Literal["death", "cut"]


class MortalDatabase(Database):
    """The real one, until fate strikes."""

    _fate: Fate | None = None
    _begun = 0

    def meets(self, fate: Fate | None) -> None:
        """Sets what will befall it; None: nothing."""
        self._fate, self._begun = fate, 0

    def left(self) -> list[Connection]:
        """What a dead process leaves behind: connections without a transaction."""
        found, self._idle = self._idle, []
        return found

    def inherit(self, connections: list[Connection]) -> None:
        """Takes over what another has left."""
        self._idle += connections

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """A transaction that may be the last one."""
        self._begun += 1
        nth = self._begun
        with super().transaction() as tx:
            tx.execute("SET LOCAL synchronous_commit = off")  # nobody kills the database: ten times as fast
            yield tx
            self._strike(nth, "before")
        self._strike(nth, "after")

    def _strike(self, nth: int, moment: str) -> None:
        fate = self._fate
        if fate is None or (fate.nth, fate.moment) != (nth, moment):
            return
        self._fate = None
        raise Death if fate.kind == "death" else psycopg.OperationalError("the connection is lost")


class MortalConfirmed(Confirmed):
    """The relay's channel; with `spared` set, whoever publishes more messages than that dies in the midst."""

    spared: int | None = None

    def publish(self, messages: Sequence[Message]) -> list[int]:
        """Publishes all and returns the confirmed; or only the first few, and dies without a word."""
        spared = MortalConfirmed.spared
        if spared is None or len(messages) <= spared:
            MortalConfirmed.spared = None if spared is None else spared - len(messages)
            return super().publish(messages)
        MortalConfirmed.spared = None
        super().publish(messages[:spared])
        raise Death
