"""Local policy in force: figures a place may set, each with the version that a fact can name."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.database import Tx
from chassis.model import Fact

IN_FORCE = """
SELECT DISTINCT ON (name) name, version, value FROM policy
WHERE valid_from <= %s ORDER BY name, version DESC
"""
SET = """
INSERT INTO policy (name, version, valid_from, value)
SELECT %(name)s, coalesce(max(version), 0) + 1, %(valid_from)s, %(value)s::jsonb
FROM policy WHERE name = %(name)s
HAVING NOT coalesce((SELECT value = %(value)s::jsonb FROM policy WHERE name = %(name)s
                     ORDER BY version DESC LIMIT 1), false)
"""


@dataclass(frozen=True)
class Policy:
    """One policy in force: its version and its figures."""

    name: str
    version: int
    value: Mapping[str, Any]


@dataclass
class Known:
    """The least every decision knows: the time and the policies in force."""

    now: datetime
    policies: Mapping[str, Policy]

    def learn(self, fact: Fact) -> None:
        """Facts of the batch change neither."""


FRESH = 1.0
"""Seconds for which a look at the policies holds; a change takes effect within them."""

_looked: dict[tuple[int, str], tuple[float, dict[str, Policy]]] = {}


def in_force(tx: Tx, now: datetime) -> dict[str, Policy]:
    """The newest valid version of each policy of this service at `now`, as of the last second."""
    role, moment = (tx.info.port, tx.info.user), time.monotonic()
    looked_at, found = _looked.get(role, (-FRESH, {}))
    if moment - looked_at >= FRESH:
        found = {name: Policy(name, version, value) for name, version, value in tx.execute(IN_FORCE, [now])}
        _looked[role] = (moment, found)
    return found


def set_policy(tx: Tx, name: str, valid_from: datetime, value: str) -> bool:
    """Adds a version of a policy (`value` is JSON); False where the newest version says the same already."""
    return tx.execute(SET, {"name": name, "valid_from": valid_from, "value": value}).rowcount > 0
