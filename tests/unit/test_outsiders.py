"""What a system at the broker may do follows from what operators have let it in for."""

import json
from pathlib import Path

import pytest

from cli.place import Place
from cli.say import Failure
from contracts.broker import password_hash
from contracts.event import type_of
from contracts.intake import RequestSubmitted
from deploy.local.accounts import BROKER_USERS, outside_user
from deploy.local.definitions import document
from deploy.local.keeper import ByApi, OnThisMachine
from services.gateway.clients import Outsider, new_password

RABBITMQS_OWN = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
"""The hash of `test12` with the salt 908dc60a, from RabbitMQ's guide on passwords."""


def test_its_rights_are_to_write_to_the_gateway_and_to_read_its_queues() -> None:
    known = Outsider(id="city", active=True, types=[type_of(RequestSubmitted)])
    told = json.loads(document({outside_user("city", sends=known.sends): "hash"}))
    assert told["permissions"] == [
        {
            "user": "city", "vhost": "fengge", "configure": "^$", "write": r"^gov\.outside$",
            "read": r"^gov\.(replies|facts)\.city$",
        }
    ]  # fmt: skip
    assert told["topic_permissions"] == []
    assert told["users"] == [
        {
            "name": "city", "password_hash": "hash", "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": [], "limits": {"max-connections": 20, "max-channels": 200},
        }
    ]  # fmt: skip


def test_who_only_hears_writes_nowhere() -> None:
    told = json.loads(document({outside_user("city", sends=Outsider(id="city", active=True).sends): "hash"}))
    assert (told["permissions"][0]["write"], told["topic_permissions"]) == ("^$", [])


def test_a_service_still_listens_to_its_part_of_the_intake_and_writes_none_of_it() -> None:
    told = json.loads(document(dict.fromkeys(BROKER_USERS, "hash")))
    rights = {each["user"]: (each["write"], each["read"]) for each in told["topic_permissions"]}
    assert rights == {
        "ticket": ("^$", r"^request\."), "dispatch": ("^$", r"^assignment\."),
        "evaluation": ("^$", r"^rating\."),
    }  # fmt: skip


def test_a_password_is_kept_as_the_broker_keeps_it_and_is_never_the_same() -> None:
    password, hashed = new_password()
    assert password not in hashed
    assert password_hash("test12", bytes.fromhex("908dc60a")) == RABBITMQS_OWN
    assert new_password() != new_password()


def test_the_command_finds_the_broker_where_the_setup_does() -> None:
    environ = {
        "AMQP_URL": "amqps://bus:5671?cacertfile=/tls/ca.pem", "AMQP_ADMIN_PASSWORD": "a/b",
        "RABBITMQ_API": "http://bus:15672",
    }  # fmt: skip
    place = Place(None, environ)
    assert place.amqp_url("admin") == "amqps://admin:a%2Fb@bus:5671/fengge?cacertfile=/tls/ca.pem"
    assert place.keeper() == ByApi("http://bus:15672", "admin", "a/b")
    with pytest.raises(Failure, match="RABBITMQ_API"):
        Place(None, {"AMQP_URL": "amqp://admin:x@bus"}).keeper()


def test_a_house_of_ones_own_is_told_on_this_machine(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"endpoints\.json"):
        Place(tmp_path).keeper()
    (tmp_path / "endpoints.json").write_text("{}")
    assert Place(tmp_path).keeper() == OnThisMachine(tmp_path)
