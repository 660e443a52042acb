"""Alert rules and dashboards ask for figures that the code has, in labels that they have; promtool agrees."""

import importlib
import json
import pkgutil
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

import services
from chassis import figures
from chassis.metrics import Board, Figure
from chassis.spread import Spread

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / "deploy" / "prometheus"
RULES = yaml.safe_load((FOLDER / "rules.yml").read_text(encoding="utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
TARGETS = {"job", "instance", "process"}
"""Labels that Prometheus gives every target."""
OF_BROKER: dict[str, set[str]] = {
    "rabbitmq_detailed_queue_consumers": {"queue", "vhost"},
    "rabbitmq_detailed_queue_messages_ready": {"queue", "vhost"},
    "rabbitmq_detailed_queue_messages": {"queue", "vhost"},
    "rabbitmq_alarms_free_disk_space_watermark": set(),
    "rabbitmq_alarms_memory_used_watermark": set(),
    "rabbitmq_disk_space_available_bytes": set(),
    "rabbitmq_disk_space_available_limit_bytes": set(),
    "rabbitmq_process_resident_memory_bytes": set(),
}  # fmt: skip
"""Figures of RabbitMQ's own; the acceptance test asks a real one for each."""
OF_PROCESSES = {
    name: set[str]()
    for name in ("up", "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds")
}
NAME = re.compile(r"\b(?:fengge|messaging|rabbitmq|process)_[a-z_]+\b(?!\s*=)|\bup\b")
SELECTOR = re.compile(r"([a-z_:]+)\{([^}]*)\}")
LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")
GROUPED = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is missing: apt-get install prometheus"
)


def known() -> dict[str, set[str]]:
    """Every sample that somebody tells, and its labels."""
    found = {name: labels | TARGETS for name, labels in (OF_BROKER | OF_PROCESSES).items()}
    names = [f"{folder.name}.figure_store" for folder in pkgutil.iter_modules(services.__path__, "services.")]
    modules = [figures, *(importlib.import_module(name) for name in names if importlib.util.find_spec(name))]
    for figure in (it for module in modules for it in vars(module).values() if isinstance(it, Figure)):
        labels = {"service", *figure.labels} | TARGETS
        if figure.kind == "histogram":
            found |= {f"{figure.name}_{end}": labels for end in ("sum", "count")}
            found[f"{figure.name}_bucket"] = labels | {"le"}
        else:
            found[figure.name] = labels
    return found


KNOWN = known()


def unknown(expression: str) -> list[str]:
    """What of an expression nobody tells: figures, and labels of figures."""
    text = re.sub(r'"[^"]*"', '""', expression)
    bare = GROUPED.sub("", re.sub(r"\{[^}]*\}", "", text))
    names = sorted(set(NAME.findall(bare)))
    wrong = [name for name in names if name not in KNOWN]
    for name, inside in SELECTOR.findall(text):
        wrong += [f"{name}.{label}" for label in LABEL.findall(inside) if label not in KNOWN.get(name, set())]
    labels = set[str]().union(*(KNOWN.get(name, set()) for name in names))
    if "label_replace" in text:
        labels |= set(re.findall(r'"([a-z_]+)"', expression))
    grouped = {label for found in GROUPED.findall(text) for label in re.split(r"[,\s]+", found) if label}
    return wrong + sorted(grouped - labels)


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression of rules and dashboards, and where it stands."""
    yield from ((rule["alert"], rule["expr"]) for rule in ALERTS)
    for path in sorted((PROJECT / "deploy" / "grafana").rglob("*.json")):
        yield from ((path.name, found) for found in asked(json.loads(path.read_text(encoding="utf-8"))))


def asked(node: Any) -> Iterator[str]:
    """The PromQL in a dashboard."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "expr")
        for value in node.values():
            yield from asked(value)
    elif isinstance(node, list):
        for value in node:
            yield from asked(value)


def passes(*words: str | Path, given: str = "") -> None:
    """promtool finds nothing wrong."""
    said = subprocess.run(["promtool", *words], input=given, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr


def test_rules_and_dashboards_ask_for_figures_that_somebody_tells() -> None:
    assert [(where, expr, found) for where, expr in expressions() if (found := unknown(expr))] == []


def test_a_figure_or_label_that_nobody_tells_is_noticed() -> None:
    assert unknown("fengge_outbox_oldest_second > 60") == ["fengge_outbox_oldest_second"]
    assert unknown('fengge_parked_records{ticket="GD1"}') == ["fengge_parked_records.ticket"]
    assert unknown("sum by (ticket) (fengge_parked_open)") == ["ticket"]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_in_two_languages_what_it_means_and_where_to_read_on(rule: dict[str, Any]) -> None:
    said = rule["annotations"]
    assert re.search("[一-鿿]", said["summary"])
    assert not re.search("[一-鿿]", said["summary_en"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert said["runbook_url"] == f"docs/runbooks/alerts/{rule['alert']}.md"


def test_every_alert_has_a_test_in_which_it_comes() -> None:
    tests = (FOLDER / "rules_test.yml").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in ALERTS if rule["alert"] not in tests] == []


@promtool
def test_promtool_passes_the_rules_and_their_tests() -> None:
    said = subprocess.run(
        ["promtool", "check", "rules", FOLDER / "rules.yml"], capture_output=True, text=True
    )
    assert said.returncode == 0, said.stdout + said.stderr
    said = subprocess.run(
        ["promtool", "test", "rules", FOLDER / "rules_test.yml"], capture_output=True, text=True
    )
    assert said.returncode == 0, said.stdout + said.stderr


@promtool
def test_promtool_passes_the_configuration_of_compose(tmp_path: Path) -> None:
    text = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    path = tmp_path / "prometheus.yml"
    path.write_text(text.replace("/etc/prometheus/rules.yml", str(FOLDER / "rules.yml")))
    passes("check", "config", path)


@promtool
def test_promtool_passes_every_figure() -> None:
    metrics = [
        figure(Spread([1.0]) if figure.kind == "histogram" else 1, **dict.fromkeys(figure.labels, "x"))
        for figure in vars(figures).values()
        if isinstance(figure, Figure)
    ]
    own = {name: frozenset[str]() for name in ("timer", "shard", "line")}
    text = Board("ticket", own, lambda: metrics).text()
    passes("check", "metrics", given=text)
