"""A directory file is read to the end, and every fault is named by file, line, column and reason."""

from datetime import UTC, date, datetime

import pytest

from services.dispatch.directory.rows import Table, read_table
from services.dispatch.directory.schemas import FILE_KINDS

KINDS = {kind.name: kind for kind in FILE_KINDS}
GRIDS = "code,parent,level,name\n"
PEOPLE = "code,kind,name,organization,cell,load_cap,email,phone,valid_from,valid_to\n"
ROTA = "cell,assignee,from_at,to_at,repeat_days\n"


def read(name: str, text: str | bytes) -> Table:
    content = text.encode() if isinstance(text, str) else text
    return read_table(f"{name}.csv", content, KINDS[name])


def said(table: Table) -> list[str]:
    return [str(error) for error in table.errors]


def test_a_good_row_is_read_with_its_line_and_its_defaults() -> None:
    table = read("grids", GRIDS + "0101,,subdistrict,七里康乐街道\n")
    assert said(table) == []
    assert [(row.line, row.values["code"], row.values["parent"]) for row in table.rows] == [(2, "0101", None)]
    assert table.rows[0].values["active"] is True


def test_a_spreadsheet_with_bom_chinese_titles_and_empty_last_columns_is_read() -> None:
    table = read(
        "grids", "\ufeff网格编码,上级网格,层级,名称,,\r\n0101,,subdistrict,街道,,\r\n,,,,,\r\n".encode()
    )
    assert said(table) == []
    assert [row.values["name"] for row in table.rows] == ["街道"]


def test_every_fault_of_a_file_is_reported_at_once() -> None:
    table = read("grids", GRIDS + "a,,town,甲\n,a,community,\nb c,a,community,丙\nd,,subdistrict,丁\n")
    assert [(error.line, error.column) for error in table.errors] == [
        (2, "level (层级)"),
        (3, "code (网格编码)"),
        (3, "name (名称)"),
        (4, "code (网格编码)"),
    ]
    assert said(table)[0] == (
        "grids.csv, line 2, column level (层级): "
        "'town' is not one of: district, subdistrict, community, compound, building"
    )
    assert said(table)[1] == "grids.csv, line 3, column code (网格编码): must not be empty"
    assert [row.values["code"] for row in table.rows] == ["d"]


def test_the_line_is_where_a_row_begins_even_after_a_value_with_a_line_break() -> None:
    table = read("grids", GRIDS + 'a,,subdistrict,"甲\n乙"\nb,a,town,丙\n')
    assert [error.line for error in table.errors] == [4]


def test_a_key_that_stands_twice_is_refused_with_the_first_line() -> None:
    table = read("grids", GRIDS + "a,,subdistrict,甲\nb,a,community,乙\na,,subdistrict,丙\n")
    assert said(table) == ["grids.csv, line 4, column code (网格编码): a already stands on line 2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "the first line must be a header that names the columns"),
        ("code,colour\n", "column colour: unknown column; grids may have: code, parent"),
        ("code,网格编码\n", "the column stands twice in the header"),
        ("code,parent,name\n", "column level (层级): the column is missing from the header"),
        (GRIDS + "a,,subdistrict,甲,乙\n", "line 2: the row has more values than the header has columns"),
        (GRIDS + 'a,,subdistrict,"甲\n', "not readable as CSV"),
        (GRIDS.encode() + "a,,subdistrict,街道\n".encode("gbk"), "line 2: not UTF-8; save the sheet as"),
        (GRIDS + "a,,subdistrict,甲\0\n", "line 2: holds a NUL character"),
    ],
)
def test_a_file_that_is_no_proper_sheet_is_refused_in_plain_words(text: str | bytes, words: str) -> None:
    assert words in " | ".join(said(read("grids", text)))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("p,grid_officer,李,,c,-1,,,,", "load_cap (同时办理上限): '-1' is not between 0 and"),
        ("p,grid_officer,李,,c,many,,,,", "'many' is not a whole number"),
        ("p,grid_officer,李,,c,99999999999,,,,", "'99999999999' is not between"),
        ("p,grid_officer,李,,c,,nobody,,,", "'nobody' is not an e-mail address"),
        ("p,grid_officer,李,,c,,,call me,,", "'call me' is not a telephone number"),
        ("p,grid_officer,李,,c,,,,31.01.2026,", "write it as 2026-01-31"),
        ("p,grid_officer,李,,c,,,,2026-02-30,", "there is no day 2026-02-30"),
        ("p,grid_officer,李,,c,,,,2026-02-01,2026-01-01", "before it begins on 2026-02-01"),
        ("p,department,城管,,c,,,,,", "organization (所属单位): a department must name its organisation"),
        ("p,robot,机器人,,c,,,,,", "'robot' is not one of: grid_officer"),
    ],
)
def test_a_bad_value_is_refused_with_the_reason(row: str, words: str) -> None:
    (error,) = read("people", PEOPLE + row + "\n").errors
    assert words in str(error)


def test_days_and_lists_are_read_as_spreadsheets_write_them() -> None:
    header = "code,organization,items,areas,quota,valid_from,valid_to,fee_mode,response_hours\n"
    table = read("contracts", header + "k,o,meals；haircut,a; b,10,2026/1/5,2026-12-31,free,2\n")
    (row,) = table.rows
    assert (row.values["items"], row.values["areas"]) == (["meals", "haircut"], ["a", "b"])
    assert row.values["valid_from"] == date(2026, 1, 5)


def test_a_shift_is_in_chinese_time_and_must_fit_into_its_turn() -> None:
    good, backwards, long = (
        "c,p,2026-01-01 16:00,2026-01-02 00:00,4\n",
        "c,p,2026-01-03 16:00,2026-01-03 08:00,\n",
        "c,p,2026-01-05 08:00,2026-01-07 08:00,1\n",
    )
    table = read("rota", ROTA + good + backwards + long)
    assert table.rows[0].values["from_at"] == datetime(2026, 1, 1, 8, tzinfo=UTC)
    assert [(error.line, error.column) for error in table.errors] == [
        (3, "to_at (下班时间)"),
        (4, "repeat_days (轮换天数)"),
    ]


@pytest.mark.parametrize(
    ("drawn", "words"),
    [
        ("119.40 32.39", "is not WKT"),
        ("POINT (119.40 32.39)", "a Point bounds nothing"),
        ("POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", "is no proper outline: Self-intersection"),
        ("POLYGON ((32 119, 33 119, 33 120, 32 119))", "is not in degrees, longitude before latitude"),
        ("POLYGON EMPTY", "is empty"),
    ],
)
def test_a_boundary_is_an_outline_in_degrees(drawn: str, words: str) -> None:
    (error,) = read("grids", f'code,level,name,boundary\na,subdistrict,甲,"{drawn}"\n').errors
    assert words in str(error)


def test_a_boundary_may_have_parts_and_says_its_datum() -> None:
    drawn = "MULTIPOLYGON (((119 32, 120 32, 120 33, 119 32)), ((121 32, 122 32, 122 33, 121 32)))"
    table = read(
        "grids", f'编码,层级,名称,边界,坐标系\na,subdistrict,甲,"{drawn}",gcj02\n'.replace("编码", "网格编码")
    )
    assert said(table) == []
    assert (table.rows[0].values["boundary"], table.rows[0].values["datum"]) == (drawn, "gcj02")
