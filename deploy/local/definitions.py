"""The broker's users, virtual host and permissions in the form RabbitMQ loads when it boots."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence

from deploy.local.accounts import ADMIN, BROKER_USERS, VHOST, BrokerUser


def definitions(passwords: Mapping[str, str], users: Sequence[BrokerUser] = BROKER_USERS) -> str:
    """The definitions file; it holds salted hashes, never a password."""
    return json.dumps(
        {
            "vhosts": [{"name": VHOST}],
            "users": [_user(user, passwords[user.name]) for user in users],
            "permissions": [_permission(user) for user in users],
            "topic_permissions": [_topic_permission(user) for user in users if user.area],
        },
        indent=1,
    )


def _user(user: BrokerUser, password: str) -> dict[str, object]:
    return {
        "name": user.name,
        "password_hash": password_hash(password, secrets.token_bytes(4)),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": ["administrator"] if user == ADMIN else [],
    }


def _permission(user: BrokerUser) -> dict[str, str]:
    return {
        "user": user.name,
        "vhost": VHOST,
        "configure": user.configure,
        "write": user.write,
        "read": user.read,
    }


def _topic_permission(user: BrokerUser) -> dict[str, str]:
    return {
        "user": user.name,
        "vhost": VHOST,
        "exchange": "gov.inbound",
        "write": "^$",
        "read": rf"^{user.area}\.",
    }


def password_hash(password: str, salt: bytes) -> str:
    """RabbitMQ's form of a password: base64 of a 4-byte salt and the SHA-256 of salt and password."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
