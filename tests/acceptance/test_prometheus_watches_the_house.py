"""A real Prometheus finds every process by the configuration of the house, and reads its rules."""

import json
import subprocess
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

from contracts.registry import LEDGERS, SCHEMAS, SERVICES
from deploy.local import scraping
from tests.acceptance.conftest import Fengge, eventually
from tests.acceptance.watching import NEEDED, Prometheus
from tests.unit.test_what_prometheus_is_told import ALERTS, KNOWN, OF_BROKER

pytestmark = NEEDED
QUIET = (
    "ProcessDown", "LineDown", "ShardUnread", "OutboxStuck", "EventsUnaccounted", "LedgerUnreadable",
    "BrokerDown", "BrokerDiskFull", "BrokerMemoryFull", "ClockStandsStill",
)  # fmt: skip
DAYS = "fengge_calendar_days_ahead"
"""Its unit is the one in which a calendar is entered, though promtool would like seconds."""


def processes(fengge: Fengge) -> set[str]:
    """Those that tell figures."""
    return set(json.loads((fengge.run / "endpoints.json").read_text())["http"])


def test_every_process_and_the_broker_are_scraped(fengge: Fengge, prometheus: Prometheus) -> None:
    names = processes(fengge)
    assert names == set(SCHEMAS)
    eventually(lambda: set(prometheus.ask('up{job="fengge"} == 1')) == names)
    eventually(lambda: len(prometheus.ask("fengge_ledger_readable == 1")) == len(LEDGERS))
    eventually(lambda: prometheus.ask("sum(fengge_shard_read)") == {"": 4.0 * len(LEDGERS)})
    eventually(lambda: prometheus.ask("count(up == 1)") == {"": len(names) + 2})


def test_the_broker_tells_what_rules_and_dashboards_ask_of_it(prometheus: Prometheus) -> None:
    for name in OF_BROKER:
        eventually(partial(prometheus.ask, f"count({name})"))
    read = f'count(rabbitmq_detailed_queue_consumers{{queue=~"({"|".join(SERVICES)})[.].+"}} == 1)'
    eventually(lambda: prometheus.ask(read) == {"": 16.0})


def test_the_rules_are_read_and_no_process_is_missed(prometheus: Prometheus) -> None:
    def rules() -> list[dict[str, Any]]:
        groups = (prometheus.get("/api/v1/rules") or {"groups": []})["groups"]
        return [rule for group in groups for rule in group["rules"]]

    eventually(lambda: rules() and all(rule["health"] == "ok" for rule in rules()))
    assert {rule["name"] for rule in rules()} == {rule["alert"] for rule in ALERTS}
    alerts = {rule["name"]: rule["state"] for rule in rules()}
    for quiet in QUIET:
        assert alerts[quiet] == "inactive", quiet


def test_what_the_processes_tell_is_what_is_known_of_them(fengge: Fengge) -> None:
    told = fengge.json("figures", "fengge_*", "messaging_*")
    assert told["silent"] == []
    assert {row["figure"] for row in told["figures"]} <= KNOWN.keys()
    assert {row["process"] for row in told["figures"]} == processes(fengge)
    open_ = fengge.json("figures", "fengge_parked_open", "--process", "ticket")["figures"]
    assert [row["figure"] for row in open_] == ["fengge_parked_open"]
    text = fengge("figures", "rabbitmq_alarms_free_disk_space_watermark")
    assert "rabbitmq" in text


def test_promtool_finds_no_fault_with_what_they_tell(fengge: Fengge) -> None:
    document = json.loads((fengge.run / "endpoints.json").read_text())
    for name, door in document["http"].items():
        with urllib.request.urlopen(f"{door}/metrics", timeout=5) as answer:
            text = answer.read()
        said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
        found = [line for line in said.stderr.decode().splitlines() if not line.startswith(DAYS)]
        assert found == [], name


def test_the_configuration_of_the_house_is_a_valid_one(fengge: Fengge, tmp_path: Path) -> None:
    path = fengge.run / scraping.CONFIGURATION
    said = subprocess.run(["promtool", "check", "config", path], capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
