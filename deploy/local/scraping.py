"""What Prometheus is told of a house on one machine: every process and the broker, by the ports drawn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from contracts.yaml import as_yaml
from deploy.local.endpoints import Endpoints
from deploy.local.rabbitmq import FIGURES
from deploy.local.records import recorded_ports

CONFIGURATION = "prometheus.yml"
RULES = Path(__file__).parents[1] / "prometheus" / "rules.yml"
QUEUES = {"family": ["queue_coarse_metrics", "queue_consumer_count"]}
"""What the broker tells of each queue; all else of it in sum."""


def broker_figures(endpoints: Endpoints) -> str | None:
    """Where the broker tells its figures; None for one that is not ours."""
    if "rabbitmq" not in endpoints.pids:
        return None
    port = recorded_ports(endpoints.run).get(FIGURES)
    return f"http://127.0.0.1:{port}" if port else None


def configuration(document: Mapping[str, Any], every: str = "15s") -> str:
    """prometheus.yml for what endpoints.json says; the rules are those of the project."""
    jobs = [job("fengge", {name: urlsplit(door).netloc for name, door in document["http"].items()})]
    if broker := document["broker"]["figures"]:
        where = {"rabbitmq": urlsplit(broker).netloc}
        jobs += [
            job("rabbitmq", where),
            {**job("rabbitmq-queues", where), "metrics_path": "/metrics/detailed", "params": QUEUES},
        ]
    return as_yaml(
        {
            "global": {"scrape_interval": every, "evaluation_interval": every},
            "rule_files": [str(RULES)],
            "scrape_configs": jobs,
        }
    )


def job(name: str, targets: Mapping[str, str]) -> dict[str, Any]:
    """One job; each target carries the name of its process."""
    return {
        "job_name": name,
        "static_configs": [
            {"targets": [target], "labels": {"process": process}} for process, target in targets.items()
        ],
    }
