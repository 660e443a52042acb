"""All settings of a service process, read from the environment once and checked one by one."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from chassis.keys import read_keys
from contracts.broker import broker
from contracts.hotline.city import Cities
from contracts.hotline.reading import read_folder

Network = IPv4Network | IPv6Network


class SettingsError(Exception):
    """One or more settings are wrong; the message names each variable and why."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a service process needs to know; seconds unless a name says otherwise."""

    amqp_url: str
    database_url: str
    health_port: int = 0
    health_host: str = "127.0.0.1"
    shards: int = 4
    instance: int = 1
    instances: int = 1
    batch_events: int = 2000
    batch_window: float = 0.01
    prefetch: int = 128
    heartbeat: int = 10
    connect_timeout: float = 3.0
    confirm_timeout: float = 10.0
    statement_timeout: float = 30.0
    lock_timeout: float = 10.0
    drain_timeout: float = 9.0
    retry_attempts: int = 6
    sweep_after: float = 3.0
    log_level: str = "INFO"
    internal_token: str = ""
    ticket_url: str = ""
    evaluation_url: str = ""
    dispatch_url: str = ""
    notification_url: str = ""
    rating_link: str = ""
    """Where a requester rates by link; `{ticket}` and `{token}` stand for the two."""
    evaluation_token: str = field(default="", repr=False)
    """What the fingerprints of rating keys are made with."""
    smtp_url: str = ""
    mail_from: str = "fengge@localhost"
    outside_timeout: float = 4.0
    """For one request to a gateway or a webhook; with a round of 4 s it stays below the time to drain."""
    sms_url: str = ""
    sms_key: str = field(default="", repr=False)
    """Account at the SMS gateway, `name:secret` (`name:sm3:secret` signs with SM3); `app_key` likewise."""
    sms_receipts_url: str = ""
    app_url: str = ""
    app_key: str = field(default="", repr=False)
    notify_token: str = field(default="", repr=False)
    """What the secrets of webhooks and the fingerprints of addresses are derived from."""
    webhook_networks: tuple[Network, ...] = ()
    """Private networks into which webhooks may go."""
    vault_keys: tuple[bytes, ...] = field(default=(), repr=False)
    """Keys of the identity vault, the newest first."""
    gateway_host: str = "127.0.0.1"
    gateway_port: int = 0
    gateway_url: str = ""
    """The address at which others reach the gateway, where a proxy stands before it."""
    gateway_token: str = field(default="", repr=False)
    """What the secrets of systems that sign their requests are derived from."""
    gateway_rate: float = 1000.0
    """Events a second that one system may send, and requests a second that it may make."""
    oauth_issuer: str = ""
    oauth_audience: str = "fengge"
    oauth_jwks_url: str = ""
    """Where the issuer's public keys are; without it nobody enters with a token."""
    console_host: str = "127.0.0.1"
    console_port: int = 0
    console_url: str = ""
    """The address at which operators reach the console, where a proxy stands before it."""
    console_proxies: int = 0
    """How many proxies before the console tell in X-Forwarded-For who asks."""
    console_idle: float = 1800.0
    """After which an operator who does nothing has to sign in again; `console_session`: in any case."""
    console_session: float = 36_000.0
    oidc_issuer: str = ""
    """Whose accounts operators sign in with; without it there are only the console's own."""
    oidc_client: str = "fengge-console"
    oidc_secret: str = field(default="", repr=False)
    oidc_claim: str = "groups"
    """The claim that says who may do what, and what its values stand for: `leads=supervisor,desk=viewer`."""
    oidc_roles: Mapping[str, str] = field(default_factory=dict)
    hotlines: Cities = field(default_factory=dict)
    """Cities whose 12345 hotlines are connected, from the files of a folder."""
    otel_exporter_otlp_endpoint: str = ""
    """Where spans go by OTLP/HTTP; empty: none are made."""
    otel_traces_sampler_arg: float = 1.0
    """The share of traces that is kept."""
    category_model: str = ""
    """The file of a model, made by `fengge train`, that suggests categories; empty: the desk sorts."""


def read(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`; raises SettingsError that lists every bad or missing variable.

    No value is repeated, for it may be a password. A variable is named like its field in capitals;
    `INSTANCE=2/4` gives both `instance` and `instances`.
    """
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for each in fields(Settings):
        name = each.name.upper()
        check = CHECKS.get(each.name)
        if check is None or (name not in environ and each.name not in REQUIRED):
            continue
        try:
            values[each.name] = check(environ.get(name, ""))
        except ValueError as error:
            wrong[name] = str(error)
    if "INSTANCE" in environ and "INSTANCE" not in wrong:
        values["instance"], values["instances"] = values["instance"]
    if wrong:
        raise SettingsError("\n".join(f"{name}: {why}" for name, why in sorted(wrong.items())))
    return Settings(**values)


def _url(*schemes: str, empty: bool = False) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not (empty and not text) and not re.fullmatch(rf"({'|'.join(schemes)})://\S+", text):
            raise ValueError(f"is not a {schemes[0]}:// URL")
        return text

    return check


def _broker(text: str) -> str:
    broker(_url("amqp", "amqps")(text))
    return text


def _number(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], float]:
    def check(text: str) -> float:
        what = f"is not a {'whole ' if kind is int else ''}number from {low:g} to {high:g}"
        try:
            number = kind(text)
        except ValueError:
            raise ValueError(what) from None
        if not math.isfinite(number) or not low <= number <= high:
            raise ValueError(what)
        return number

    return check


def _level(text: str) -> str:
    if text not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("is none of DEBUG, INFO, WARNING, ERROR")
    return text


def _instance(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]) <= 1024:
        raise ValueError("is not like 1/4 (this process / all processes of the service)")
    return int(found[1]), int(found[2])


def _account(text: str) -> str:
    if text and not re.fullmatch(r"[^:\s]+:\S+", text):
        raise ValueError("is not name:secret")
    return text


def _token(text: str) -> str:
    if text and len(text) < SHORTEST_TOKEN:
        raise ValueError(f"is not at least {SHORTEST_TOKEN} characters long")
    return text


def _rating_link(text: str) -> str:
    if text and not (re.match(r"https?://", text) and "{ticket}" in text and "{token}" in text):
        raise ValueError("is not like https://rate.example.org/rate#{ticket}/{token}")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(word.strip()) for word in text.split(",") if word.strip())
    except ValueError:
        raise ValueError("is no list of networks like 10.1.0.0/16,fd00::/8") from None


def _roles(text: str) -> dict[str, str]:
    pairs = [word.strip().rpartition("=") for word in text.split(",") if word.strip()]
    if not all(value and role in OPERATORS for value, _, role in pairs):
        raise ValueError(f"is no list like leads=supervisor,desk=viewer; roles are {', '.join(OPERATORS)}")
    return {value: role for value, _, role in pairs}


SHORTEST_TOKEN = 32
OPERATORS = ("viewer", "operator", "supervisor", "administrator")
REQUIRED = frozenset({"amqp_url", "database_url"})
CHECKS: dict[str, Callable[[str], Any]] = {
    "amqp_url": _broker,
    "database_url": _url("postgresql", "postgres"),
    "health_port": _number(int, 0, 65535),
    "health_host": str,
    "shards": _number(int, 1, 1024),
    "instance": _instance,
    "batch_events": _number(int, 1, 5000),
    "batch_window": _number(float, 0, 1),
    "prefetch": _number(int, 1, 1000),
    "heartbeat": _number(int, 2, 120),
    "connect_timeout": _number(float, 0.1, 60),
    "confirm_timeout": _number(float, 0.1, 300),
    "statement_timeout": _number(float, 0.1, 600),
    "lock_timeout": _number(float, 0.1, 600),
    "drain_timeout": _number(float, 0.1, 60),
    "retry_attempts": _number(int, 1, 50),
    "sweep_after": _number(float, 0.1, 600),
    "log_level": _level,
    "internal_token": str,
    "ticket_url": _url("http", "https", empty=True),
    "evaluation_url": _url("http", "https", empty=True),
    "dispatch_url": _url("http", "https", empty=True),
    "notification_url": _url("http", "https", empty=True),
    "rating_link": _rating_link,
    "evaluation_token": _token,
    "smtp_url": _url("smtp", "smtps", empty=True),
    "mail_from": str,
    "outside_timeout": _number(float, 0.1, 4.5),
    "sms_url": _url("http", "https", empty=True),
    "sms_key": _account,
    "sms_receipts_url": _url("http", "https", empty=True),
    "app_url": _url("http", "https", empty=True),
    "app_key": _account,
    "notify_token": _token,
    "webhook_networks": _networks,
    "vault_keys": read_keys,
    "gateway_host": str,
    "gateway_port": _number(int, 0, 65535),
    "gateway_url": _url("http", "https", empty=True),
    "gateway_token": _token,
    "gateway_rate": _number(float, 1, 100_000),
    "oauth_issuer": str,
    "oauth_audience": str,
    "oauth_jwks_url": _url("http", "https", empty=True),
    "console_host": str,
    "console_port": _number(int, 0, 65535),
    "console_url": _url("http", "https", empty=True),
    "console_proxies": _number(int, 0, 10),
    "console_idle": _number(float, 60, 86_400),
    "console_session": _number(float, 60, 604_800),
    "oidc_issuer": _url("http", "https", empty=True),
    "oidc_client": str,
    "oidc_secret": str,
    "oidc_claim": str,
    "oidc_roles": _roles,
    "hotlines": read_folder,
    "category_model": str,
    "otel_exporter_otlp_endpoint": _url("http", "https", empty=True),
    "otel_traces_sampler_arg": _number(float, 0, 1),
}
