"""Follows the seal on the history block by block, and names what does not fit: shard, block, ticket."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from chassis.database import Tx
from services.ticket.audit import proof
from services.ticket.audit.proof import Block, Difference, Head

GENESIS = "00" * 32
LOWEST = -(2**63)

WORDS = {
    "altered": "rows were altered 行被改动",
    "removed": "rows are gone 行被删除",
    "inserted": "rows were slipped in 行被插入",
    "uncovered": "no block covers these rows 无区块覆盖",
    "block-missing": "blocks are gone 区块缺失",
    "block-rewritten": "the block is not what its hash says 区块被改写",
    "block-unlinked": "the block does not follow from the one before 区块不衔接",
    "head-contradicted": "the block is not the one noted earlier 与留存的链首不符",
}


class Fault(Struct, frozen=True, kw_only=True):
    """One thing in the chain that does not fit."""

    what: str
    shard: int | None = None
    block: int | None = None
    ticket: str | None = None
    detail: str = ""


@dataclass
class Proof:
    """What following the chain has come to."""

    upto: int = 0
    blocks: int = 0
    rows: int = 0
    unsealed: int = 0
    heads: dict[int, Head] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether history and seal agree in everything."""
        return not self.faults


def followed(tx: Tx, since: datetime | None = None, noted: Sequence[Head] = ()) -> Proof:
    """Checks all blocks, or those sealed `since` and what they rest on, against each other and the history.

    `noted` are heads kept outside the database: against them even a chain rewritten as a whole shows.
    """
    begin = proof.beginning(tx, since)
    found = Proof(begin, heads={head.shard: head for head in proof.heads(tx, begin)})
    while (upto := proof.stretch(tx, begin)) is not None:
        for block in proof.blocks(tx, begin, upto):
            _link(tx, found, block)
        found.faults += [_told(difference) for difference in proof.differences(tx, begin, upto)]
        begin = upto
    if strays := proof.rows_between(tx, LOWEST, 0):
        found.faults.append(Fault(what="uncovered", detail=f"{strays} rows with numbers below 1"))
    found.unsealed = proof.unsealed(tx)
    found.faults += [
        Fault(what="head-contradicted", shard=head.shard, block=head.number)
        for head in proof.contradicted(tx, noted)
    ]
    return found


def _link(tx: Tx, found: Proof, block: Block) -> None:
    """Takes a block as the next of its shard and of the rounds."""

    def fault(what: str, detail: str = "") -> None:
        found.faults.append(Fault(what=what, shard=block.shard, block=block.number, detail=detail))

    before = found.heads.get(block.shard, Head(block.shard, 0, GENESIS))
    if block.number != before.number + 1:
        fault("block-missing", f"{before.number + 1} to {block.number - 1}")
    elif block.previous != before.hash:
        fault("block-unlinked")
    if block.hash != block.computed:
        fault("block-rewritten")
    if block.upto > found.upto:
        if block.after != found.upto:
            rows = proof.rows_between(tx, found.upto, block.after)
            fault("uncovered", f"rows {found.upto + 1} to {block.after}, {rows} of them there")
        found.upto = block.upto
    found.blocks, found.rows = found.blocks + 1, found.rows + block.rows
    found.heads[block.shard] = Head(block.shard, block.number, block.hash)


def _told(difference: Difference) -> Fault:
    sealed, rows = difference.sealed, difference.found
    if difference.block is None:
        what = "uncovered"
    elif rows == sealed:
        what = "altered"
    else:
        what = "removed" if rows < sealed else "inserted"
    return Fault(
        what=what, shard=difference.shard, block=difference.block, ticket=difference.ticket,
        detail=f"{sealed} rows were sealed, {rows} are there",
    )  # fmt: skip
