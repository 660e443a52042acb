"""The directory import against a real PostgreSQL: all or nothing per file, nothing twice, set-wise."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.local.endpoints import Endpoints
from services.dispatch.directory.importing import Report, import_files
from tests.integration.own_database import Tx, own_database, untouched

DATABASE = "directory_import"
SAMPLE = Path(__file__).parents[2] / "directory"
CHINA_NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)
GRIDS = """\
code,parent,level,name
S,,subdistrict,街道
C1,S,community,一社区
C2,S,community,二社区
H,C1,compound,小区
"""


@pytest.fixture(scope="module")
def migrated(servers: Endpoints) -> Iterator[str]:
    """A database of these tests alone, as the dispatch service sees it."""
    with own_database(servers, "dispatch", DATABASE) as url:
        yield url


@pytest.fixture
def tx(migrated: str) -> Iterator[Tx]:
    """An open transaction of the dispatch service that leaves nothing behind."""
    with untouched(migrated) as tx:
        yield tx


class Folder:
    """Files of one import, written where the test can change them."""

    def __init__(self, tx: Tx, path: Path) -> None:
        self.tx, self.path = tx, path

    def take(self, **files: str) -> Report:
        """Imports the files given by kind and text."""
        paths = [self.path / f"{name}.csv" for name in files]
        for path, text in zip(paths, files.values(), strict=True):
            path.write_text(text, encoding="utf-8")
        return import_files(self.tx, paths)

    def all(self, statement: str, *values: object) -> list[Any]:
        """The rows of a statement; a row of one value stands for itself."""
        found = self.tx.execute(statement.encode(), values or None).fetchall()
        return [row[0] if len(row) == 1 else row for row in found]


@pytest.fixture
def folder(tx: Tx, tmp_path: Path) -> Folder:
    return Folder(tx, tmp_path)


def said(report: Report) -> list[str]:
    return [str(error) for file in report.files for error in file.errors]


def counts(report: Report) -> dict[str, tuple[int, int, int]]:
    return {file.file: (file.added, file.changed, file.unchanged) for file in report.files}


def test_the_sample_set_is_taken_and_a_second_time_changes_nothing(tx: Tx, folder: Folder) -> None:
    first = import_files(tx, [SAMPLE])
    assert said(first) == []
    assert first.ok
    assert first.warnings == ()
    second = import_files(tx, [SAMPLE])
    assert all(file.added == file.changed == 0 for file in second.files)
    assert [file.unchanged for file in second.files] == [file.added for file in first.files]
    assert folder.all("SELECT count(*) FROM import_log") == [6]
    assert folder.all("SELECT count(*) FROM assignee_load") == folder.all("SELECT count(*) FROM assignee")


def test_a_cell_knows_its_path_and_those_below_move_along_with_it(folder: Folder) -> None:
    folder.take(grids=GRIDS + "B,H,building,一栋\n")
    moved = folder.take(grids="code,parent,level,name\nH,C2,compound,小区\n")
    assert counts(moved) == {"grids.csv": (0, 1, 0)}
    assert folder.all("SELECT path FROM cell WHERE code = 'B'") == [["S", "C2", "H", "B"]]


def test_a_file_with_one_bad_row_changes_nothing_and_its_neighbours_are_taken(folder: Folder) -> None:
    report = folder.take(
        grids=GRIDS,
        organizations="code,kind,name,cell\nO1,department,城管,S\nO2,department,住建,X9\nO3,club,棋社,S\n",
    )
    unknown_grid, unknown_kind = said(report)
    assert unknown_grid == "organizations.csv, line 3, column cell (所在网格): unknown grid 'X9'"
    assert unknown_kind.startswith("organizations.csv, line 4, column kind (单位类别): 'club' is not one of")
    assert not report.ok
    assert counts(report)["grids.csv"] == (4, 0, 0)
    assert folder.all("SELECT code FROM organization") == []


def test_a_ring_in_the_tree_is_refused_with_the_way_round(folder: Folder) -> None:
    folder.take(grids=GRIDS)
    report = folder.take(grids="code,parent,level,name\nC1,H,community,一社区\n")
    assert said(report) == [
        "grids.csv, line 2, column level (层级): C1: a community cannot lie in a compound",
        "grids.csv, line 2, column parent (上级网格): the cell lies in itself: C1 → H → C1",
    ]


def test_more_than_a_hundred_errors_are_counted_and_not_listed(folder: Folder) -> None:
    rows = "".join(f"G{n},nowhere,community,社区\n" for n in range(130))
    (file,) = folder.take(grids="code,parent,level,name\n" + rows).files
    assert (len(file.errors), file.more_errors) == (100, 30)
    assert str(file).endswith("… and 30 more")


def test_a_person_answers_only_for_an_organisation_of_the_same_kind(folder: Folder) -> None:
    folder.take(grids=GRIDS, organizations="code,kind,name,cell\nO1,department,城管,S\n")
    report = folder.take(people="code,kind,name,organization,cell\nP1,property_company,物业,O1,C1\n")
    assert said(report) == ["people.csv, line 2, column kind (接单类别): 'O1' is a department"]


def test_a_person_missing_from_a_newer_file_stays_and_one_marked_ends(folder: Folder) -> None:
    header = "code,kind,name,cell,active\n"
    folder.take(grids=GRIDS, people=header + "P1,grid_officer,李,C1,yes\nP2,grid_officer,王,C1,yes\n")
    report = folder.take(people=header + "P2,grid_officer,王,C1,否\n")
    assert counts(report) == {"people.csv": (0, 1, 0)}
    assert folder.all("SELECT code, active FROM assignee ORDER BY code") == [("P1", True), ("P2", False)]


def test_a_new_version_of_a_category_must_not_overlap_the_old_one(folder: Folder) -> None:
    header = "category,version,list,name_zh,name_en,path,mode,kinds,verification,valid_from,valid_to\n"
    row = "noise,{},need,{},noise,环境,sequential,grid_officer,none,{},{}\n"
    folder.take(catalogue=header + row.format(1, "噪音", "2024-01-01", ""))
    second = row.format(2, "噪音", "2026-01-01", "")
    assert said(folder.take(catalogue=header + second)) == [
        "catalogue.csv, line 2, column valid_from (生效日期): overlaps version 1 (2024-01-01 to open end)"
    ]
    ended = row.format(1, "噪音", "2024-01-01", "2025-12-31")
    assert counts(folder.take(catalogue=header + ended + second)) == {"catalogue.csv": (1, 1, 0)}
    rival = row.replace("noise", "din").format(1, "噪 音", "2026-06-01", "")
    assert "'噪 音' already leads to noise" in said(folder.take(catalogue=header + rival))[0]


def test_a_quota_cannot_sink_below_what_is_already_promised(folder: Folder) -> None:
    import_files(folder.tx, [SAMPLE])
    folder.all(
        "UPDATE contract_quota SET reserved = 30, committed = 50 WHERE contract = 'HT-2026-004' RETURNING 1"
    )
    text = (SAMPLE / "contracts.csv").read_text(encoding="utf-8")
    assert said(folder.take(contracts=text.replace(",120,", ",79,"))) == [
        "contracts.csv, line 5, column quota (额度): 80 are already reserved or used"
    ]
    assert folder.take(contracts=text.replace(",120,", ",80,")).ok
    held = "SELECT quota, reserved, committed FROM contract_quota WHERE contract = 'HT-2026-004'"
    assert folder.all(held) == [(80, 30, 50)]


def test_two_shifts_of_one_person_do_not_overlap(folder: Folder) -> None:
    header = "cell,assignee,from_at,to_at\n"
    folder.take(grids=GRIDS, people="code,kind,name,cell\nP1,rota,值班,S\n")
    late = "S,P1,2026-01-01 15:00,2026-01-01 23:00\n"
    report = folder.take(rota=header + late + "S,P1,2026-01-01 08:00,2026-01-01 16:00\n")
    assert said(report) == ["rota.csv, line 2, column from_at (上班时间): overlaps the shift on line 3"]


def test_somebody_is_on_duty_at_every_hour(folder: Folder) -> None:
    import_files(folder.tx, [SAMPLE])
    manned = """
        SELECT hour, (SELECT count(*) FROM rota
                      WHERE cell = '990101001000' AND role = 'duty' AND on_duty(rota, hour))
        FROM generate_series(%s::timestamptz, %s::timestamptz + interval '9 days', '1 hour') AS hour"""
    assert {people for _, people in folder.all(manned, CHINA_NOON, CHINA_NOON)} == {1}


def test_a_shift_that_happens_once_is_over_afterwards(folder: Folder) -> None:
    folder.take(
        grids=GRIDS,
        people="code,kind,name,cell\nP1,rota,值班,S\n",
        rota="cell,assignee,from_at,to_at\nS,P1,2026-01-01 08:00,2026-01-01 16:00\n",
    )
    times = ["2026-01-01 07:59+08", "2026-01-01 08:00+08", "2026-01-01 16:00+08", "2026-01-05 09:00+08"]
    duty = "SELECT on_duty(rota, at::timestamptz) FROM rota, unnest(%s::text[]) AS at"
    assert folder.all(duty, times) == [False, True, False, False]


def test_a_community_without_a_desk_is_pointed_out(folder: Folder) -> None:
    report = folder.take(grids=GRIDS)
    assert report.warnings == tuple(
        f"{name} ({code}) has no community desk"
        for code, name in [("C1", "一社区"), ("C2", "二社区"), ("S", "街道")]
    )


def test_a_file_of_no_known_kind_or_missing_is_refused_by_name(tx: Tx, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("a\n", encoding="utf-8")
    report = import_files(tx, [tmp_path / "notes.csv", tmp_path / "people.csv"])
    assert [error.split(":")[0] for error in said(report)] == ["notes.csv, line 0", "people.csv, line 0"]


def test_twenty_thousand_people_are_found_by_place_through_the_index(folder: Folder, tmp_path: Path) -> None:
    cells = [f"H{n}" for n in range(500)]
    grids = GRIDS + "".join(f"{cell},C1,compound,小区{cell}\n" for cell in cells)
    people = (
        (f"P{n}", "grid_officer" if n % 4 else "party_member", f"人{n}", cells[n % 500])
        for n in range(20_000)
    )
    report = folder.take(grids=grids)
    _write(tmp_path / "people.csv", people)
    report = import_files(folder.tx, [tmp_path / "people.csv"])
    assert counts(report) == {"people.csv": (20_000, 0, 0)}
    folder.tx.execute("ANALYZE assignee")
    plan = folder.all(
        """EXPLAIN SELECT code FROM assignee WHERE active AND kind = ANY ('{grid_officer,department}')
           AND cell = ANY ((SELECT path FROM cell WHERE code = 'H77')::text[])"""
    )
    assert any("assignee_by_cell" in line for line in plan), plan


def _write(path: Path, people: Iterable[tuple[str, str, str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("code", "kind", "name", "cell"), *people])
