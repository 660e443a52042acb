"""Ticket numbers and shards, both computed from what the outside system already knows."""

import hashlib
import zlib

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32: no I, L, O, U to mishear

ORDER = "SO-"
"""What a standing order's number begins with, and no ticket's does."""

ROTA = "RT-"
"""What the key of a cell's rota begins with."""


def ticket_number(source: str, external_id: str) -> str:
    """The number of the request that `source` calls `external_id`, e.g. `7K3M-9QXR-2B4D-T8WZ`.

    The same request always gets the same number (80 bits), so a resubmission meets its own ticket.
    """
    digest = hashlib.blake2b(f"{source}\n{external_id}".encode(), digest_size=10).digest()
    bits = int.from_bytes(digest)
    letters = "".join(ALPHABET[bits >> shift & 31] for shift in range(75, -1, -5))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:12]}-{letters[12:]}"


def order_number(source: str, external_id: str) -> str:
    """The number of the standing order that `source` calls so, e.g. `SO-7K3M-9QXR-2B4D-T8WZ`."""
    return ORDER + ticket_number(f"standing order\n{source}", external_id)


def device_key(source: str, device: str) -> str:
    """By what the events of one device of `source` are kept in order."""
    return "DV-" + ticket_number(f"device\n{source}", device)


def shard_of(partitionkey: str, shards: int) -> int:
    """The shard, 0 to `shards` - 1, in which all events of one partition key stay in order."""
    return zlib.crc32(partitionkey.encode()) % shards
