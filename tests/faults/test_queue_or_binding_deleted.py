"""Somebody deletes queues, or the bindings that lead to them, while facts are under way.

What lay in a queue, or passed by a missing binding, the broker has confirmed and lost: the audit names it,
and what publishers still hold brings it back. What no queue takes at all the broker returns: it stays in the
outbox, alarms, and goes out by itself once somebody listens again.
"""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from contracts.registry import SERVICES
from tests.faults.evidence import audited
from tests.faults.rig import broker
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import SHARDS
from tests.integration.process import until

ALARM = "no queue took messages"
SENT = "SELECT count(*) > 90 FROM notification.delivery WHERE ticket = ANY(%s) AND state = 'sent'"


def delete_queues(admin: Any) -> None:
    """One shard of every service, with all that lies in it."""
    for service in SERVICES:
        admin.queue_delete(f"{service}.0")


def delete_bindings(admin: Any) -> None:
    """Dispatch hears no more of tickets, and evaluation no more of dispatch; others still do."""
    for shard in range(SHARDS):
        admin.queue_unbind(f"dispatch.{shard}", "ticket.events", str(shard))
        admin.queue_unbind(f"evaluation.{shard}", "dispatch.events", str(shard))


def delete_hearing(admin: Any) -> None:
    """Nobody hears of notifications any more: only the ticket service does."""
    for shard in range(SHARDS):
        admin.queue_unbind(f"ticket.{shard}", "notification.events", str(shard))


def apply_topology(drill: Drill, *words: str) -> None:
    """What an operator does who reads the alarm."""
    done = CliRunner().invoke(app, ["--run", str(drill.house.run), "topology", "apply", *words])
    assert done.exit_code == 0, done.output


@pytest.mark.accident(21)
@pytest.mark.parametrize("harm", [delete_queues, delete_bindings])
def test_the_audit_notices_and_the_publishers_bring_it_back(
    drill: Drill, harm: Callable[[Any], None]
) -> None:
    drill.submit(200)
    drill.flows()
    with broker.channel(drill.witnesses.amqp_url) as admin:
        harm(admin)
    until(lambda: drill.load.asked)
    until(lambda: audited(drill.house.run, "--grace", "1"))
    apply_topology(drill, "--resend")
    drill.load.send_again()
    drill.healed()
    drill.judge()


@pytest.mark.accident(21)
def test_what_no_queue_takes_stays_in_the_outbox(drill: Drill) -> None:
    alarms = drill.house.said("notification").count(ALARM)
    drill.submit(200)
    drill.flows()
    with broker.channel(drill.witnesses.amqp_url) as admin:
        delete_hearing(admin)
    drill.flows_by(SENT)
    apply_topology(drill)
    drill.healed()
    drill.judge()
    assert drill.house.said("notification").count(ALARM) > alarms
