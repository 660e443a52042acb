"""The broker's users, virtual host and permissions in the form RabbitMQ loads, at its start or later."""

import json
from collections.abc import Mapping, Sequence

from contracts.broker import password_hash
from deploy.local.accounts import ADMIN, BROKER_USERS, VHOST, BrokerUser


def definitions(passwords: Mapping[str, str], users: Sequence[BrokerUser] = BROKER_USERS) -> str:
    """The definitions file; it holds salted hashes, never a password."""
    return document({user: password_hash(passwords[user.name]) for user in users})


def document(users: Mapping[BrokerUser, str]) -> str:
    """The same for users with the hashes of their passwords."""
    return json.dumps(
        {
            "vhosts": [{"name": VHOST}],
            "users": [_user(user, hashed) for user, hashed in users.items()],
            "permissions": [_permission(user) for user in users],
            "topic_permissions": [_topic_permission(user) for user in users if user.area],
        },
        indent=1,
    )


def _user(user: BrokerUser, hashed: str) -> dict[str, object]:
    return {
        "name": user.name,
        "password_hash": hashed,
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": ["administrator"] if user == ADMIN else [],
        "limits": _limits(user),
    }


def _limits(user: BrokerUser) -> dict[str, int]:
    most = user.most_connections
    return {"max-connections": most, "max-channels": 10 * most} if most else {}


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
