"""Imports directory files: read, check, write; all or nothing per file, and nothing twice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from chassis.database import Tx
from services.dispatch.directory import change_store, checks, history, store, tree
from services.dispatch.directory.rows import Row, RowError, Table, read_table
from services.dispatch.directory.schemas import FILE_KINDS, FileKind

ERRORS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: counts if it was taken, errors if it was refused as a whole."""

    file: str
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: tuple[RowError, ...] = ()
    more_errors: int = 0

    def __str__(self) -> str:
        if self.errors:
            more = [f"{self.file}: … and {self.more_errors} more"] if self.more_errors else []
            return "\n".join([f"{self.file}: refused, nothing changed", *map(str, self.errors), *more])
        return f"{self.file}: {self.added} added, {self.changed} changed, {self.unchanged} unchanged"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an import: one report per file, and what an operator should look at."""

    files: tuple[FileReport, ...]
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every file was taken."""
        return not any(report.errors for report in self.files)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.files), *(f"warning: {words}" for words in self.warnings)])


def import_files(
    tx: Tx, paths: Iterable[Path | str], *, who: str = "operator", reason: str | None = None
) -> Report:
    """Imports files and the directory files of folders, in the order in which they need each other."""
    store.lock(tx)
    found, strange = gather(map(Path, paths))
    taken = [_import_file(tx, path, kind, who, reason) for path, kind in found]
    desks = tuple(f"{name} ({code}) has no community desk" for code, name in store.cells_without_desk(tx))
    return Report((*map(_refuse, strange), *taken), desks)


def gather(paths: Iterable[Path]) -> tuple[list[tuple[Path, FileKind]], list[Path]]:
    """Files with their kinds in order of import, and files named outright that are of no known kind."""
    found: list[tuple[Path, FileKind]] = []
    strange = []
    for path in paths:
        inside = sorted(path.glob("*.csv")) if path.is_dir() else [path]
        known = [(file, kind) for file in inside if (kind := kind_of(file))]
        found += known
        strange += [path] if not known else []
    return sorted(set(found), key=lambda pair: (FILE_KINDS.index(pair[1]), pair[0].name)), strange


def kind_of(path: Path) -> FileKind | None:
    """The kind of a file by its name: people.csv, and also people-2026-05.csv."""
    stem = re.split(r"[-_. ]", path.name.casefold())[0]
    return next((kind for kind in FILE_KINDS if kind.name == stem), None)


def _refuse(path: Path) -> FileReport:
    names = ", ".join(f"{kind.name}.csv" for kind in FILE_KINDS)
    return FileReport(
        path.name, errors=(RowError(path.name, 0, "", f"no directory file; known are {names}"),)
    )


def _import_file(tx: Tx, path: Path, kind: FileKind, who: str, reason: str | None) -> FileReport:
    try:
        content = path.read_bytes()
    except OSError as fault:
        return FileReport(
            path.name, errors=(RowError(path.name, 0, "", f"cannot be read: {fault.strerror}"),)
        )
    return import_content(tx, path.name, content, kind, who, reason)


def import_content(
    tx: Tx, name: str, content: bytes, kind: FileKind, who: str, reason: str | None
) -> FileReport:
    """Imports what would stand in a file; the directory must be locked."""
    table = read_table(name, content, kind)
    errors = sorted([*table.errors, *_check(tx, table)])
    if errors:
        shown = tuple(errors[:ERRORS_SHOWN])
        return FileReport(name, len(table.rows), errors=shown, more_errors=len(errors) - len(shown))
    lists = change_store.rows(tx, kind) if kind.table == "catalogue" else []
    changes = _save(tx, table)
    if changes != store.Changes():
        entry = {"file": name, "sha256": hashlib.sha256(content).hexdigest(), "who": who, "reason": reason}
        counts = {"rows": len(table.rows), "added": changes.added, "changed": changes.changed}
        edition = change_store.log_import(tx, entry | counts)
        if kind.table == "catalogue":
            rows = [row.values for row in table.rows]
            change_store.record(tx, edition, history.changes(lists, rows))
    unchanged = len(table.rows) - changes.added - changes.changed
    return FileReport(name, len(table.rows), changes.added, changes.changed, unchanged)


def _check(tx: Tx, table: Table) -> list[RowError]:
    """Everything that must hold beyond a single row, also for the good rows of a file with bad ones."""
    errors = checks.references(table, partial(store.unknown, tx))
    match table.kind.table:
        case "cell":
            errors += checks.sound_tree(table, store.places(tx))
        case "assignee":
            errors += checks.right_organization(table, store.organization_kinds(tx))
        case "catalogue":
            errors += checks.sound_catalogue(table, store.catalogue_entries(tx))
        case "contract":
            errors += checks.quotas_suffice(table, store.quota_used(tx, _column(table.rows, "code")))
        case "rota":
            errors += checks.single_shifts(table)
    return errors


def _save(tx: Tx, table: Table) -> store.Changes:
    return _save_cells(tx, table) if table.kind.table == "cell" else _save_rows(tx, table)


def _save_rows(tx: Tx, table: Table) -> store.Changes:
    key = table.kind.key
    ordered = sorted(
        (row.values for row in table.rows), key=lambda values: tuple(values[name] for name in key)
    )
    return store.upsert(tx, table.kind.table, ordered)


def _save_cells(tx: Tx, table: Table) -> store.Changes:
    """Cells from the top down, as each refers to the one above; what lies below a moved cell moves along."""
    parents = {code: place.parent for code, place in store.places(tx).items()}
    parents |= {row.values["code"]: row.values["parent"] for row in table.rows}
    found = tree.paths(parents)
    cells = [{**row.values, "path": found[row.values["code"]]} for row in table.rows]
    changes = store.upsert(tx, "cell", sorted(cells, key=lambda cell: (len(cell["path"]), cell["code"])))
    if changes.changed:
        store.repath(tx, found)
    return changes


def _column(rows: Sequence[Row], name: str) -> list[Any]:
    return [row.values[name] for row in rows]
