"""What has to be at the broker, as it was last declared by whoever knows all services."""

from collections.abc import Mapping

import msgspec
from psycopg.types.json import Jsonb

from chassis.database import Tx
from chassis.topology import Topology

KEEP = """
INSERT INTO console.topology (name, shards, declared) VALUES (%s, %s, %s)
ON CONFLICT (name) DO UPDATE
    SET shards = EXCLUDED.shards, declared = EXCLUDED.declared, declared_at = now()
"""
DECLARED = "SELECT name, declared FROM console.topology ORDER BY shards, name"


def keep(tx: Tx, declared: Mapping[str, Topology], shards: Mapping[str, int]) -> None:
    """Notes what was declared for each service; `shards` says in how many, 0 for what all share."""
    for name, topology in declared.items():
        tx.execute(KEEP, [name, shards[name], Jsonb(msgspec.to_builtins(topology))])


def declared(tx: Tx) -> dict[str, Topology]:
    """All of it; what all services share comes first."""
    return {name: msgspec.convert(found, Topology) for name, found in tx.execute(DECLARED).fetchall()}
