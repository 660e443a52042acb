"""docker-compose.yml is valid, complete and shut: no default password, no root, no door but the loopback."""

import json
import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from jsonschema import Draft7Validator

from chassis import settings
from contracts.registry import SCHEMAS, SERVICES
from deploy import plan
from deploy.docker.new_env import settings_in
from services.gateway.service import GatewayService

PROJECT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
EXAMPLE = settings_in((PROJECT / ".env.example").read_text(encoding="utf-8"))
VARIABLE = re.compile(r"\$\{(\w+)(:-|:\?)?([^}]*)\}")
FOREIGN = {"postgres", "rabbitmq", "prometheus", "grafana"}
"""What runs here and is not ours."""
FILLED = {
    "SMTP_URL": "smtp://mail:25",
    "MAIL_FROM": "fengge@example.org",
    "VAULT_KEYS": "0" * 64,
    "NOTIFY_TOKEN": "0" * 48,
    "EVALUATION_TOKEN": "0" * 48,
    "GATEWAY_TOKEN": "0" * 48,
}


def with_what_it_extends(entry: dict[str, Any]) -> dict[str, Any]:
    if "extends" not in entry:
        return entry
    base = COMPOSE["services"][entry["extends"]["service"]]
    return {**base, **entry, "environment": base["environment"] | entry["environment"]}


ENTRIES = {name: with_what_it_extends(entry) for name, entry in COMPOSE["services"].items()}


@pytest.fixture(params=ENTRIES)
def entry(request: pytest.FixtureRequest) -> dict[str, Any]:
    return ENTRIES[request.param]


def filled_in(text: str) -> str:
    """As compose does it: .env.example with a secret in each empty place, else the default."""
    return VARIABLE.sub(lambda found: FILLED.get(found[1]) or EXAMPLE.get(found[1]) or default(found), text)


def default(found: re.Match[str]) -> str:
    return found[3] if found[2] == ":-" else f"secret{found[1].lower()}"


def environment(name: str) -> dict[str, str]:
    told = {key: filled_in(str(value)) for key, value in ENTRIES[name]["environment"].items()}
    return told | {"HOTLINES": mounted(name, told["HOTLINES"])} if "HOTLINES" in told else told


def mounted(name: str, inside: str) -> str:
    """The folder on the host that an entry finds at a place inside."""
    (volume,) = [filled_in(each) for each in ENTRIES[name]["volumes"] if f":{inside}:" in filled_in(each)]
    return str(PROJECT / volume.partition(":")[0])


def strings(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in strings(value)]
    if isinstance(node, list):
        return [text for value in node for text in strings(value)]
    return [str(node)]


def test_the_file_follows_the_compose_specification() -> None:
    schema = json.loads((PROJECT / "deploy/docker/schema/compose-spec.json").read_text(encoding="utf-8"))
    errors = [error.message for error in Draft7Validator(schema).iter_errors(COMPOSE)]
    assert errors == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_an_entry_that_runs_it(service: str) -> None:
    assert ENTRIES[service]["command"][-2:] == [
        "chassis.runner",
        f"services.{service}.service:{service.capitalize()}Service",
    ]
    assert ENTRIES[f"{service}-2"]["command"] == ENTRIES[service]["command"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_settings_it_understands(service: str) -> None:
    first, second = (
        settings.read(environment(name) | {"INSTANCE": f"{number}/2"})
        for number, name in ((1, service), (2, f"{service}-2"))
    )
    assert f"//{service}:" in first.amqp_url
    assert f"//{service}:" in first.database_url
    assert (first.instance, second.instance) == (1, 2)
    assert settings.read(environment(service)).instances == 1


def test_the_gateway_runs_in_threads_and_listens_to_its_own_port() -> None:
    assert ENTRIES["gateway"]["command"][-2:] == [
        "chassis.threads",
        "services.gateway.service:GatewayService",
    ]
    told = settings.read(environment("gateway"))
    assert (told.instances, told.gateway_host, told.gateway_rate) == (1, "0.0.0.0", 1000)
    (port,) = ENTRIES["gateway"]["ports"]
    assert port.endswith(f":{told.gateway_port}")
    assert told.gateway_port != told.health_port
    assert all(getattr(told, name) for name in GatewayService.needs)


def test_the_operators_room_listens_to_its_own_port() -> None:
    assert ENTRIES["console"]["command"][-2:] == ["-m", "services.console"]
    told = settings.read(environment("console"))
    assert (told.console_host, told.ticket_url) == ("0.0.0.0", "http://ticket:8080")
    (port,) = ENTRIES["console"]["ports"]
    assert port.endswith(f":{told.console_port}")
    assert told.console_port != told.health_port


def test_the_setup_is_told_all_it_needs() -> None:
    found = plan.read(environment("setup"))
    assert set(found.broker) == {"admin", "intake", *SCHEMAS}
    assert found.publishers == ("intake",)


def test_setup_and_services_agree_on_every_password() -> None:
    found = plan.read(environment("setup"))
    for service in SCHEMAS:
        assert f"//{service}:{found.broker[service]}@" in environment(service)["AMQP_URL"]
        assert f"//{service}:{found.database[service]}@" in environment(service)["DATABASE_URL"]


def test_nobody_runs_as_root(entry: dict[str, Any]) -> None:
    user, _, group = entry["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0


def test_every_container_is_confined(entry: dict[str, Any]) -> None:
    assert entry["read_only"] is True
    assert entry["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in entry["security_opt"]
    assert {"cpus", "memory", "pids"} <= entry["deploy"]["resources"]["limits"].keys()
    assert {"max-size", "max-file"} <= entry["logging"]["options"].keys()


def test_ports_are_published_on_the_loopback_alone(entry: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in entry.get("ports", []))


def test_the_database_has_no_way_out() -> None:
    assert ENTRIES["postgres"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert "ports" not in ENTRIES["postgres"]


def test_no_password_is_written_down_or_has_a_default(entry: dict[str, Any]) -> None:
    for name, value in entry.get("environment", {}).items():
        for variable, kind, _ in VARIABLE.findall(str(value)):
            assert kind == ":?" or not variable.endswith(("_PASSWORD", "_TOKEN", "_KEYS"))
        assert not name.endswith(("_PASSWORD", "_PASS", "_TOKEN", "_KEYS")) or str(value).startswith("${")
        assert not re.search(r"://[^/${]*:[^/$]+@", str(value)), f"{name} has a password in its URL"


def test_what_is_missing_is_said_with_what_to_do() -> None:
    missing = [found for text in strings(COMPOSE) for found in VARIABLE.findall(text) if found[1] == ":?"]
    assert missing
    assert all(what_to_do.strip() for _, _, what_to_do in missing)


def test_the_example_names_every_variable_and_holds_no_secret() -> None:
    used = {found[0] for text in strings(COMPOSE) for found in VARIABLE.findall(text)}
    assert used == EXAMPLE.keys() - {"COMPOSE_PROFILES"}
    assert not any(
        value for name, value in EXAMPLE.items() if name.endswith(("_PASSWORD", "_TOKEN", "_KEYS"))
    )


def test_every_mounted_path_and_volume_exists(entry: dict[str, Any]) -> None:
    for volume in entry.get("volumes", []):
        source = filled_in(volume).partition(":")[0]
        assert source in COMPOSE["volumes"] or (PROJECT / source).exists()


def test_one_entry_builds_the_image_that_all_use() -> None:
    builders = {name for name, entry in ENTRIES.items() if "build" in entry}
    images = {entry["image"] for name, entry in ENTRIES.items() if name not in FOREIGN}
    assert builders == {"setup"}
    assert len(images) == 1


def test_the_start_is_ordered_servers_then_setup_then_services() -> None:
    after = {name: list(entry.get("depends_on", {})) for name, entry in ENTRIES.items()}
    order = list(TopologicalSorter(after).static_order())  # raises CycleError
    order = [name for name in order if name not in {"prometheus", "grafana"}]
    assert {"postgres", "rabbitmq"} == set(order[:2])
    assert order[2] == "setup"
    conditions = ENTRIES["ticket"]["depends_on"]
    assert conditions["setup"]["condition"] == "service_completed_successfully"
    assert conditions["postgres"]["condition"] == "service_healthy"
    assert conditions["rabbitmq"]["condition"] == "service_healthy"


def test_a_service_has_time_to_drain() -> None:
    grace = {ENTRIES[service]["stop_grace_period"] for service in SERVICES}
    assert grace == {"15s"}
    assert settings.Settings.drain_timeout < 15
    assert {ENTRIES[service]["restart"] for service in SERVICES} == {"unless-stopped"}
