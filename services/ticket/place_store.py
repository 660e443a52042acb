"""The gazetteer in the database: renewed as a whole, and read again only when there is another edition."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec

from chassis.database import Tx
from chassis.rows import as_json, from_json
from contracts.intake import RequestSubmitted
from services.ticket.place.gazetteer import Found, Gazetteer, Listed, spelled

EDITION = "SELECT edition FROM gazetteer"
CELLS = "SELECT to_json(c)::text FROM (SELECT code, path, level, names, boundary, datum FROM cell) c"
LOCK = "SELECT pg_advisory_xact_lock(hashtext('ticket.gazetteer'))"
EMPTY = "DELETE FROM cell"
FILL = """
INSERT INTO cell (code, path, level, names, boundary, datum)
SELECT code, path, level, names, boundary, datum FROM json_populate_recordset(null::cell, %s)
"""
PUBLISH = """
INSERT INTO gazetteer (edition) VALUES (%s)
ON CONFLICT (single) DO UPDATE SET edition = EXCLUDED.edition, since = now()
"""

_kept: dict[tuple[int, str], tuple[str, Gazetteer]] = {}
"""By server and database, what was read last."""


def renew(tx: Tx, cells: Sequence[Listed]) -> bool:
    """Makes `cells` the gazetteer, their names spelled as they are compared; False where they are already."""
    tx.execute(LOCK)
    cells = [spelled(cell) for cell in cells]
    edition = sha256(msgspec.json.encode(sorted(cells, key=lambda cell: cell.code))).hexdigest()
    if edition == _edition(tx):
        return False
    tx.execute(EMPTY)
    tx.execute(FILL, [as_json(cells)])
    tx.execute(PUBLISH, [edition])
    return True


def gazetteer(tx: Tx) -> Gazetteer:
    """The gazetteer in force; from memory, unless an import has changed it."""
    where, edition = (tx.info.port, tx.info.dbname), _edition(tx)
    if where not in _kept or _kept[where][0] != edition:
        _kept[where] = (edition, Gazetteer(from_json(Listed, tx.execute(CELLS))))
    return _kept[where][1]


def find(tx: Tx, asked: Mapping[str, RequestSubmitted]) -> dict[str, Found]:
    """What the gazetteer says of requests, by ticket, that tell their place but not its cell."""
    untold = {key: said for key, said in asked.items() if not said.grid and (said.address or said.location)}
    if not untold:
        return {}
    there = gazetteer(tx)
    return {key: there.find(said.address, said.location) for key, said in untold.items()}


def _edition(tx: Tx) -> str:
    row = tx.execute(EDITION).fetchone()
    return str(row[0]) if row else ""
