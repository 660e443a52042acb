"""Which processes make up Fengge on one machine, and what each is told through its environment."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chassis.keys import FILE
from contracts.registry import CONSOLE, LEDGERS
from deploy.local import scraping
from deploy.local.accounts import BROKER_USERS, GATEWAY, OWNER, SUPERUSER
from deploy.local.endpoints import Endpoints
from deploy.local.records import kept_secrets, kept_vault_keys, reserve_ports

MAILBOX = "mailbox"
ROOM = "console-room"
"""The name under which the port for operators is kept."""
HOTLINES = Path(__file__).parents[2] / "directory" / "hotlines"
"""The sample city's, unless HOTLINES names others."""
# What the user's shell says of these must not reach a process except through its own entry here.
WITHHELD = frozenset(
    {
        "AMQP_URL",
        "DATABASE_URL",
        "INTERNAL_TOKEN",
        "VAULT_KEYS",
        "NOTIFY_TOKEN",
        "EVALUATION_TOKEN",
        "GATEWAY_TOKEN",
        "OIDC_SECRET",
        *(f"AMQP_URL_{each.name.upper()}" for each in BROKER_USERS),
    }
)


@dataclass(frozen=True)
class ProcessSpec:
    """One process: how it is started, and the door that tells whether it is ready."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    door: str
    """http://… answers /readyz; smtp://… accepts connections."""
    edge: str = ""
    """http://… where other systems enter, or operators, if they do so here."""

    @property
    def service(self) -> str:
        """Of which service it is an instance."""
        return self.name.partition("-")[0]


def process_table(endpoints: Endpoints, environ: Mapping[str, str] = os.environ) -> list[ProcessSpec]:
    """Every process of a run folder, in the order of starting; INSTANCES of each service (default 1)."""
    instances = int(environ.get("INSTANCES", "1"))
    names = [(name, number) for number in range(1, instances + 1) for name in LEDGERS]
    edges = [_edge(number) for number in range(1, instances + 1)]
    ports = reserve_ports(
        endpoints.run, [*(_process(*name) for name in names), *edges, MAILBOX, CONSOLE, ROOM]
    )
    shared = {"HOTLINES": str(HOTLINES)} | {
        name: value for name, value in environ.items() if name not in WITHHELD
    }
    vault = environ.get("VAULT_KEYS") or f"{FILE}{kept_vault_keys(endpoints.run)}"
    extra = _extra_settings(endpoints, ports, vault)
    services = [
        _service(
            name, _process(name, number), endpoints, ports[_process(name, number)],
            shared | extra.get(name, {}) | _own_edge(name, number, ports, environ)
            | {"INSTANCE": f"{number}/{instances}"},
        )
        for name, number in names
    ]  # fmt: skip
    console = _console(endpoints, ports, shared | extra[CONSOLE], environ.get("CONSOLE_PORT"))
    return [_mailbox(endpoints, ports[MAILBOX], shared), *services, console]


def endpoints_document(endpoints: Endpoints, table: list[ProcessSpec]) -> dict[str, object]:
    """What endpoints.json says to scripts: URLs of broker, database, HTTP doors, mailbox; secret."""
    return {
        "broker": {
            "url": endpoints.amqp_url("admin"),
            "users": dict(endpoints.amqp),
            "figures": scraping.broker_figures(endpoints),
        },
        "database": {
            "url": endpoints.database_url(OWNER),
            "roles": dict(endpoints.database),
            "superuser": endpoints.database_url(SUPERUSER),
        },
        "http": {spec.name: spec.door for spec in table if spec.door.startswith("http:")},
        "gateway": {spec.name: spec.edge for spec in table if spec.edge and spec.name != CONSOLE},
        "console": next(spec.edge for spec in table if spec.name == CONSOLE),
        "smtp": next(spec.door for spec in table if spec.name == MAILBOX),
        "mail_folder": str(endpoints.run / "mail"),
        "prometheus": str(endpoints.run / scraping.CONFIGURATION),
    }


def _process(service: str, number: int) -> str:
    """The name of the process: the service's own for the first instance."""
    return service if number == 1 else f"{service}-{number}"


def _service(name: str, process: str, endpoints: Endpoints, port: int, env: Mapping[str, str]) -> ProcessSpec:
    own = {
        "AMQP_URL": endpoints.amqp_url(name),
        "DATABASE_URL": endpoints.database_url(name),
        "HEALTH_PORT": str(port),
    }
    edge = env.get("GATEWAY_PORT") if name == GATEWAY else None
    runner = "chassis.threads" if edge else env.get("RUNNER", "chassis.runner")
    argv = (sys.executable, "-m", runner, f"services.{name}.service:{name.capitalize()}Service")
    here = f"http://127.0.0.1:{edge}" if edge else ""
    return ProcessSpec(process, argv, {**env, **own}, f"http://127.0.0.1:{port}", here)


def _edge(number: int) -> str:
    """The name under which the port for other systems is kept."""
    return f"{_process(GATEWAY, number)}-edge"


def _own_edge(name: str, number: int, ports: Mapping[str, int], environ: Mapping[str, str]) -> dict[str, str]:
    """The port of the gateway: that of GATEWAY_PORT for the first one, where it is named."""
    if name != GATEWAY:
        return {}
    named = environ.get("GATEWAY_PORT", "") if number == 1 else ""
    return {"GATEWAY_PORT": named or str(ports[_edge(number)])}


def _extra_settings(endpoints: Endpoints, ports: Mapping[str, int], vault: str) -> dict[str, dict[str, str]]:
    """Contacts and rating keys reach notification over HTTP alone, with a secret that the services share."""
    drawn = kept_secrets(
        endpoints.run, ["internal_token", "evaluation_token", "notify_token", "gateway_token"]
    )
    inside = {"INTERNAL_TOKEN": drawn["internal_token"]}
    asks = {
        f"{name.upper()}_URL": f"http://127.0.0.1:{ports[name]}"
        for name in ("ticket", "evaluation", "dispatch")
    }
    letters = {"SMTP_URL": f"smtp://127.0.0.1:{ports[MAILBOX]}", "NOTIFY_TOKEN": drawn["notify_token"]}
    return {
        CONSOLE: inside | {"TICKET_URL": asks["TICKET_URL"]},
        "ticket": inside | {"VAULT_KEYS": vault},
        "dispatch": inside,
        "notification": inside | asks | letters,
        "evaluation": inside | {"EVALUATION_TOKEN": drawn["evaluation_token"]},
        GATEWAY: inside
        | {
            "GATEWAY_TOKEN": drawn["gateway_token"],
            "NOTIFICATION_URL": f"http://127.0.0.1:{ports['notification']}",
        },
    }


def _console(
    endpoints: Endpoints, ports: Mapping[str, int], env: Mapping[str, str], port: str | None
) -> ProcessSpec:
    """The operators' room, at CONSOLE_PORT where it is named."""
    own = {
        "AMQP_URL": endpoints.amqp_url(CONSOLE),
        "DATABASE_URL": endpoints.database_url(CONSOLE),
        "HEALTH_PORT": str(ports[CONSOLE]),
        "CONSOLE_PORT": port or str(ports[ROOM]),
    }
    argv = (sys.executable, "-m", "services.console")
    door, room = (f"http://127.0.0.1:{own[name]}" for name in ("HEALTH_PORT", "CONSOLE_PORT"))
    return ProcessSpec(CONSOLE, argv, {**env, **own}, door, room)


def _mailbox(endpoints: Endpoints, port: int, env: Mapping[str, str]) -> ProcessSpec:
    own = {"SMTP_PORT": str(port), "MAIL_FOLDER": str(endpoints.run / "mail")}
    return ProcessSpec(
        MAILBOX, (sys.executable, "-m", "deploy.local.mailbox"), {**env, **own}, f"smtp://127.0.0.1:{port}"
    )
