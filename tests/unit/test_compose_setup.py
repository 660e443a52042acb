"""The settings of a deployment: secrets are drawn once, kept for ever, and what is missing is named."""

import stat
from pathlib import Path

import pytest

from chassis.keys import read_keys
from contracts.registry import SCHEMAS
from deploy.docker.new_env import settings_in, settled, write_private
from deploy.plan import SetupFailure, publishers_in, read

EXAMPLE = "# words stay\n\nDB_OWNER_PASSWORD=\nINTERNAL_TOKEN=\nVAULT_KEYS=\nSMTP_URL=\nSHARDS=4\n"
ENVIRONMENT = {
    "POSTGRES_URL": "postgresql://postgres:p%40ss@db:5432/postgres?sslmode=require",
    "RABBITMQ_API": "http://bus:15672/",
    "AMQP_URL": "amqp://bus:5672",
    "AMQP_ADMIN_PASSWORD": "a/b",
    "DB_OWNER_PASSWORD": "owner",
    "PUBLISHERS": "intake=one,hotline=two,",
    **{f"{kind}_{name.upper()}_PASSWORD": f"{kind}{name}" for kind in ("AMQP", "DB") for name in SCHEMAS},
}


def made(known: dict[str, str]) -> dict[str, str]:
    return settings_in("\n".join(settled(EXAMPLE, known)))


def test_every_secret_is_drawn_anew_and_nothing_else_is_invented() -> None:
    first, second = made({}), made({})
    assert first["DB_OWNER_PASSWORD"] != second["DB_OWNER_PASSWORD"] != second["INTERNAL_TOKEN"]
    assert len(first["INTERNAL_TOKEN"]) == 48
    assert len(read_keys(first["VAULT_KEYS"])) == 1
    assert (first["SMTP_URL"], first["SHARDS"]) == ("", "4")


def test_what_was_settled_before_stays() -> None:
    before = {"DB_OWNER_PASSWORD": "kept", "SMTP_URL": "smtp://mail:25", "SHARDS": "8"}
    assert made(before).items() >= before.items()


def test_comments_and_empty_lines_stay() -> None:
    assert list(settled(EXAMPLE, {}))[:2] == ["# words stay", ""]


def test_only_its_owner_can_read_the_secrets(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("old\n")
    path.chmod(0o644)
    write_private(path, "new\n")
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_plan_names_the_servers_as_each_user_sees_them() -> None:
    plan = read(ENVIRONMENT)
    assert plan.superuser_url() == "postgresql://postgres:p%40ss@db:5432/fengge?sslmode=require"
    assert plan.database_url("ticket") == "postgresql://ticket:DBticket@db:5432/fengge?sslmode=require"
    assert plan.admin_url() == "amqp://admin:a%2Fb@bus:5672/fengge"
    assert plan.directory is None


def test_production_knows_no_demo_user() -> None:
    assert [user.name for user in read(ENVIRONMENT).users()] == ["admin", *SCHEMAS, "intake", "hotline"]


def test_an_outside_system_may_write_to_the_intake_and_nothing_else() -> None:
    (hotline,) = [user for user in read(ENVIRONMENT).users() if user.name == "hotline"]
    assert (hotline.configure, hotline.write) == ("^$", r"^gov\.inbound$")


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(SetupFailure, match=r"POSTGRES_URL, .*DB_OWNER_PASSWORD, .*AMQP_EVALUATION_PASSWORD"):
        read({})


@pytest.mark.parametrize("text", ["ticket=x", "admin=x", "Bad Name=x", "one=x,one=y", "one=", "one", ".*=x"])
def test_an_outside_system_needs_a_name_of_its_own_and_a_password(text: str) -> None:
    with pytest.raises(SetupFailure, match="PUBLISHERS"):
        publishers_in(text)


@pytest.mark.parametrize("text", ["0", "1025", "four", "-1"])
def test_shards_are_a_small_whole_number(text: str) -> None:
    with pytest.raises(SetupFailure, match="SHARDS"):
        read(ENVIRONMENT | {"SHARDS": text})
