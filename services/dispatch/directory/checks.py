"""What must hold between rows: known references, a sound tree, versions that do not overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.dispatch.directory import catalogue, tree
from services.dispatch.directory.rows import Row, RowError, Table
from services.dispatch.directory.schemas import ORGANIZATION_KINDS

Unknown = Callable[[str, set[str]], set[str]]


def references(table: Table, unknown: Unknown) -> list[RowError]:
    """Values that name a row no file has brought; `unknown(table, codes)` tells which codes do not exist."""
    errors = []
    for column, field in table.kind.schema.fields.items():
        if not (target := field.metadata.get("refers")):
            continue
        wanted = {code for row in table.rows for code in _codes(row.values[column])}
        own = table.named if target == table.kind.table else frozenset()
        missing = unknown(target, wanted - own) if wanted - own else set()
        errors += [
            table.error(row, column, f"unknown {_THING[target]} '{code}'")
            for row in table.rows
            for code in _codes(row.values[column])
            if code in missing
        ]
    return errors


def sound_tree(table: Table, known: Mapping[str, tree.Place]) -> list[RowError]:
    """Rings and wrong levels in the tree as it would be after the import."""
    lines = {row.values["code"]: row for row in table.rows}
    fresh = {code: tree.Place(row.values["level"], row.values["parent"]) for code, row in lines.items()}
    places = {**known, **fresh}
    rings = tree.cycles({code: place.parent for code, place in places.items()})
    errors = [
        table.error(lines[code], "parent", f"the cell lies in itself: {' → '.join(ring)}")
        for code, ring in rings.items()
        if code in lines
    ]
    for code, why in tree.misplaced(places).items():
        # A cell not in the file can become wrong only through its parent's row.
        row = lines.get(code) or lines.get(places[code].parent or "")
        if row:
            errors.append(table.error(row, "level", f"{code}: {why}"))
    return errors


def right_organization(table: Table, kinds: Mapping[str, str]) -> list[RowError]:
    """People who answer for an organisation of another kind than their own; `kinds` by organisation."""
    return [
        table.error(row, "kind", f"'{row.values['organization']}' is a {kinds[row.values['organization']]}")
        for row in table.rows
        if row.values["kind"] in ORGANIZATION_KINDS
        and kinds.get(row.values["organization"], row.values["kind"]) != row.values["kind"]
    ]


def sound_catalogue(table: Table, known: Iterable[catalogue.Entry]) -> list[RowError]:
    """Versions in force on the same day, and names that lead to two categories."""
    rows = {(row.values["category"], row.values["version"]): row for row in table.rows}
    entries = {(entry.category, entry.version): entry for entry in known}
    entries |= {key: entry_of(row.values) for key, row in rows.items()}
    errors = []
    for entry, other in catalogue.overlaps(entries.values()):
        row, rival = _culprit(rows, entry, other)
        errors.append(table.error(row, "valid_from", f"overlaps version {rival.version} ({_period(rival)})"))
    for name, entry, other in catalogue.clashes(entries.values()):
        row, rival = _culprit(rows, entry, other)
        errors.append(table.error(row, "aliases", f"'{name}' already leads to {rival.category}"))
    return errors


def single_shifts(table: Table) -> list[RowError]:
    """Shifts of one person in one cell and role that overlap, among those of the same turn."""
    shifts: dict[tuple[str, str, str, int | None], list[Row]] = defaultdict(list)
    errors = []
    for row in sorted(table.rows, key=lambda row: row.values["from_at"]):
        values = row.values
        series = shifts[values["cell"], values["role"], values["assignee"], values["repeat_days"]]
        if series and series[-1].values["to_at"] > values["from_at"]:
            errors.append(table.error(row, "from_at", f"overlaps the shift on line {series[-1].line}"))
        series.append(row)
    return errors


def quotas_suffice(table: Table, used: Mapping[str, int]) -> list[RowError]:
    """Contracts whose new quota is below what is already reserved or used."""
    return [
        table.error(row, "quota", f"{used[row.values['code']]} are already reserved or used")
        for row in table.rows
        if row.values["quota"] < used.get(row.values["code"], 0)
    ]


def entry_of(values: Mapping[str, Any]) -> catalogue.Entry:
    """The catalogue entry a row stands for."""
    names = (values["name_zh"], values["name_en"], *values["aliases"])
    return catalogue.Entry(
        values["category"], values["version"], names, values["valid_from"], values["valid_to"]
    )


def _codes(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def _culprit(
    rows: Mapping[tuple[str, int], Row], entry: catalogue.Entry, other: catalogue.Entry
) -> tuple[Row, catalogue.Entry]:
    """The row to blame and its rival; stored entries agree, so one of the two is in the file."""
    if row := rows.get((entry.category, entry.version)):
        return row, other
    return rows[other.category, other.version], entry


def _period(entry: catalogue.Entry) -> str:
    return f"{entry.valid_from} to {entry.valid_to or 'open end'}"


_THING = {"cell": "grid", "organization": "organisation", "assignee": "person", "catalogue": "category"}
