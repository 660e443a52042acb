"""All settings come from the environment, and each bad value has its own word."""

import pytest

from chassis.settings import CHECKS, Settings, SettingsError, read

LEAST = {"AMQP_URL": "amqp://u:p@host/v", "DATABASE_URL": "postgresql://u:p@host/d"}


def test_the_two_addresses_are_enough() -> None:
    assert read(LEAST) == Settings(amqp_url=LEAST["AMQP_URL"], database_url=LEAST["DATABASE_URL"])


def test_every_setting_can_be_set() -> None:
    chosen = {"SHARDS": "8", "BATCH_WINDOW": "0.02", "INSTANCE": "2/3", "LOG_LEVEL": "DEBUG"}
    assert read({**LEAST, **chosen}) == Settings(
        amqp_url=LEAST["AMQP_URL"], database_url=LEAST["DATABASE_URL"],
        shards=8, batch_window=0.02, instance=2, instances=3, log_level="DEBUG",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AMQP_URL", ""), ("AMQP_URL", "http://host"), ("AMQP_URL", "amqp://"),
        ("DATABASE_URL", ""), ("DATABASE_URL", "sqlite:///x"),
        ("HEALTH_PORT", "-1"), ("HEALTH_PORT", "70000"), ("HEALTH_PORT", "http"),
        ("SHARDS", "0"), ("SHARDS", "4.5"), ("SHARDS", "1025"), ("SHARDS", ""),
        ("INSTANCE", "1"), ("INSTANCE", "0/2"), ("INSTANCE", "3/2"), ("INSTANCE", "a/b"),
        ("INSTANCE", "1/2/3"),
        ("BATCH_EVENTS", "0"), ("BATCH_WINDOW", "nan"), ("BATCH_WINDOW", "2"), ("PREFETCH", "0"),
        ("HEARTBEAT", "1"), ("CONNECT_TIMEOUT", "0"), ("CONFIRM_TIMEOUT", "inf"),
        ("STATEMENT_TIMEOUT", "x"), ("LOCK_TIMEOUT", "-1"), ("DRAIN_TIMEOUT", "61"),
        ("RETRY_ATTEMPTS", "0"), ("SWEEP_AFTER", "0"), ("LOG_LEVEL", "debug"), ("LOG_LEVEL", "TRACE"),
        ("VAULT_KEYS", "0123456789"), ("VAULT_KEYS", "file:/nowhere"),
        ("EVALUATION_TOKEN", "too-short"), ("EVALUATION_URL", "evaluation:80"),
        ("RATING_LINK", "https://rate.example.org/here"), ("RATING_LINK", "{ticket}{token}"),
        ("TICKET_URL", "ticket:80"), ("GATEWAY_URL", "gateway:80"), ("SMTP_URL", "mail.example.org"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_by_name_and_never_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: is n") as caught:
        read({**LEAST, name: value})
    assert len(value) < 3 or value not in str(caught.value).replace("amqp://", "")


@pytest.mark.parametrize("name", LEAST)
def test_a_missing_address_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: "):
        read({other: value for other, value in LEAST.items() if other != name})


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read({"SHARDS": "x", "INSTANCE": "x", "PREFETCH": "x"})
    said = [line.partition(":")[0] for line in str(caught.value).splitlines()]
    assert said == ["AMQP_URL", "DATABASE_URL", "INSTANCE", "PREFETCH", "SHARDS"]


def test_no_setting_goes_unchecked() -> None:
    assert set(CHECKS) | {"instances"} == set(Settings.__dataclass_fields__)
