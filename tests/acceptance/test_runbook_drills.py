"""Drills by the book: the cause is made, a real Prometheus sees it, the page's own commands mend it."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pika
import psycopg
import pytest

from chassis.topology import queue_name
from contracts.broker import parameters_of
from contracts.registry import LEDGERS
from tests.acceptance.conftest import Fengge, eventually
from tests.acceptance.runbooks import ask, page, run
from tests.acceptance.watching import NEEDED, Prometheus
from tests.unit.test_what_prometheus_is_told import ALERTS

pytestmark = [NEEDED, pytest.mark.long]
PATIENCE = 100.0
EXPRESSIONS = {rule["alert"]: rule["expr"] for rule in ALERTS}


@dataclass
class Drill:
    """A house, whoever can break it, and what a person fills in on the page."""

    fengge: Fengge
    document: dict[str, Any]
    named: dict[str, str] = field(default_factory=lambda: {"PROCESS": "dispatch"})
    held: list[Any] = field(default_factory=list)
    undo: Callable[[], None] = lambda: None
    """What mends the cause itself where the page only tells to do so."""

    def sql(self, *statements: str) -> None:
        """As the database's superuser."""
        with psycopg.connect(self.document["database"]["superuser"], autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def rabbit(self, *words: str) -> None:
        """As who runs the broker."""
        done = run("rabbit " + " ".join(words), self.fengge.run)
        assert done.returncode == 0, done.stderr

    def ask(self) -> None:
        """Somebody asks for something."""
        ask(self.document["broker"]["users"]["intake"])

    def signal(self, name: str, sign: signal.Signals) -> None:
        """To a process of the house."""
        os.kill(self.fengge.processes()[name]["pid"], sign)


def database_shut(drill: Drill) -> None:
    """One service may not log in any more."""
    drill.sql(
        "ALTER ROLE ticket NOLOGIN",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ticket'",
    )


def bindings_gone(drill: Drill) -> None:
    """Nobody hears the ticket service, and somebody asks."""
    with pika.BlockingConnection(parameters_of(drill.document["broker"]["url"])) as connection:
        channel = connection.channel()
        for service in LEDGERS:
            for shard in range(4):
                channel.queue_unbind(queue_name(service, shard), "ticket.events", str(shard))
    drill.ask()


def disk_full(drill: Drill) -> None:
    """The broker has less disk than it wants."""
    drill.rabbit("set_disk_free_limit", "1000GB")


def memory_full(drill: Drill) -> None:
    """The broker uses more memory than it may."""
    drill.rabbit("set_vm_memory_high_watermark", "0.0001")


def process_stands(drill: Drill) -> None:
    """A process stands still without ending."""
    drill.signal("dispatch", signal.SIGSTOP)


def broker_killed(drill: Drill) -> None:
    """The broker dies."""
    drill.signal("rabbitmq", signal.SIGKILL)


def lines_cut(drill: Drill) -> None:
    """The broker answers nobody, until it is told to."""
    drill.rabbit("stop_app")
    drill.undo = lambda: drill.rabbit("start_app")


def writer_asleep(drill: Drill) -> None:
    """Somebody writes and goes to lunch; the seal waits for them."""
    connection = psycopg.connect(drill.document["database"]["superuser"])
    connection.execute("SELECT pg_current_xact_id()")
    drill.held.append(connection)
    drill.ask()


def table_gone(drill: Drill) -> None:
    """An event fails until its tries are used up."""
    drill.sql("ALTER TABLE ticket.request RENAME TO gone")
    drill.ask()
    found = eventually(lambda: drill.fengge.json("parked", "list", "--service", "ticket"), PATIENCE)
    drill.named["RECORD"] = found[0]["record"]
    drill.undo = lambda: drill.sql("ALTER TABLE ticket.gone RENAME TO request")


CAUSES: dict[str, Callable[[Drill], None]] = {
    "LedgerUnreadable": database_shut,
    "MessagesUnroutable": bindings_gone,
    "BrokerDiskFull": disk_full,
    "BrokerMemoryFull": memory_full,
    "ProcessDown": process_stands,
    "ShardUnread": process_stands,
    "BrokerDown": broker_killed,
    "LineDown": lines_cut,
    "SealBehind": writer_asleep,
    "ParkedOpen": table_gone,
}
ENDS = {"MessagesUnroutable": "sum(max by (service) (fengge_outbox_unsent)) > 0"}
"""What is over at once where the alert itself looks back for minutes."""


@pytest.mark.parametrize("alert", CAUSES)
def test_what_the_page_tells_to_do_mends_it(fengge: Fengge, prometheus: Prometheus, alert: str) -> None:
    drill = Drill(fengge, json.loads((fengge.run / "endpoints.json").read_text()))
    book, expression = page(alert), EXPRESSIONS[alert]
    eventually(lambda: not prometheus.ask(expression), PATIENCE)
    try:
        CAUSES[alert](drill)
        eventually(lambda: prometheus.ask(expression), PATIENCE)
        checked = run(book.commands("check").replace("\n", " || :\n"), fengge.run, **drill.named)
        assert "Traceback" not in checked.stderr
    finally:
        drill.undo()
        eventually(lambda: run(book.commands("mend"), fengge.run, **drill.named).returncode == 0, PATIENCE)
        for each in drill.held:
            each.close()
    eventually(lambda: not prometheus.ask(ENDS.get(alert, expression)), PATIENCE)
    verified = eventually(lambda: ended_well(book.commands("verify"), drill), PATIENCE)
    assert verified


def ended_well(commands: str, drill: Drill) -> bool:
    """Whether the commands end well: some wait for what is under way."""
    return run(commands, drill.fengge.run, **drill.named).returncode == 0
