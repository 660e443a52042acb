"""Local policy in force: figures a place may set, each with the version that a fact can name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.clock import now
from chassis.database import Tx
from chassis.lately import Lately
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


def look(tx: Tx) -> dict[str, Policy]:
    """The newest valid version of each policy of this service at this moment."""
    return {name: Policy(name, version, value) for name, version, value in tx.execute(IN_FORCE, [now()])}


in_force = Lately(1.0, look)
"""The same as of the last second."""


def set_policy(tx: Tx, name: str, valid_from: datetime, value: str) -> bool:
    """Adds a version of a policy (`value` is JSON); False where the newest version says the same already."""
    return tx.execute(SET, {"name": name, "valid_from": valid_from, "value": value}).rowcount > 0
