"""All settings of a service process, read from the environment once and checked one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from environs import Env, EnvError, validate


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
    batch_events: int = 200
    batch_window: float = 0.01
    prefetch: int = 16
    heartbeat: int = 10
    connect_timeout: float = 5.0
    confirm_timeout: float = 10.0
    statement_timeout: float = 30.0
    lock_timeout: float = 10.0
    drain_timeout: float = 8.0
    retry_attempts: int = 6
    sweep_after: float = 3.0
    log_level: str = "INFO"
    internal_token: str = ""
    ticket_url: str = ""
    smtp_url: str = ""
    mail_from: str = "fengge@localhost"


def read(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ`; raises SettingsError that lists every bad or missing variable."""
    env = Env(eager=False)
    with env.prefixed(""):
        values = _values(env, environ)
    try:
        env.seal()
    except EnvError as error:
        raise SettingsError(_plain(error)) from None
    values["instance"], values["instances"] = _instance(environ.get("INSTANCE", "1/1"))
    return Settings(**values)


def _values(env: Env, environ: Mapping[str, str]) -> dict[str, Any]:
    def number(name: str, low: float, high: float) -> Any:
        default = getattr(Settings, name)
        reader = env.int if isinstance(default, int) else env.float
        return reader(name.upper(), default, validate=validate.Range(min=low, max=high))

    url = validate.Regexp(r"^\w+://.+", error="not a URL")
    return {
        "amqp_url": env.str(
            "AMQP_URL", validate=[validate.Regexp(r"^amqps?://.+", error="not an amqp:// URL")]
        ),
        "database_url": env.str(
            "DATABASE_URL",
            validate=[validate.Regexp(r"^postgres(ql)?://.+", error="not a postgresql:// URL")],
        ),
        "health_port": number("health_port", 0, 65535),
        "health_host": env.str("HEALTH_HOST", Settings.health_host),
        "shards": number("shards", 1, 1024),
        "batch_events": number("batch_events", 1, 5000),
        "batch_window": number("batch_window", 0, 1),
        "prefetch": number("prefetch", 1, 1000),
        "heartbeat": number("heartbeat", 2, 120),
        "connect_timeout": number("connect_timeout", 0.1, 60),
        "confirm_timeout": number("confirm_timeout", 0.1, 300),
        "statement_timeout": number("statement_timeout", 0.1, 600),
        "lock_timeout": number("lock_timeout", 0.1, 600),
        "drain_timeout": number("drain_timeout", 0.1, 60),
        "retry_attempts": number("retry_attempts", 1, 50),
        "sweep_after": number("sweep_after", 0.1, 600),
        "log_level": env.str(
            "LOG_LEVEL", Settings.log_level, validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
        ),
        "internal_token": env.str("INTERNAL_TOKEN", ""),
        "ticket_url": env.str("TICKET_URL", "", validate=url if environ.get("TICKET_URL") else None),
        "smtp_url": env.str("SMTP_URL", "", validate=url if environ.get("SMTP_URL") else None),
        "mail_from": env.str("MAIL_FROM", Settings.mail_from),
    }


def _instance(text: str) -> tuple[int, int]:
    number, slash, total = text.partition("/")
    if slash and number.isdigit() and total.isdigit() and 1 <= int(number) <= int(total) <= 1024:
        return int(number), int(total)
    raise SettingsError(f"INSTANCE: {text!r} is not like 1/4 (this process / all processes of the service)")


def _plain(error: EnvError) -> str:
    messages = getattr(error, "error_messages", None) or {}
    if not messages:
        return str(error)
    return "\n".join(f"{name}: {'; '.join(map(str, why))}" for name, why in sorted(messages.items()))
