"""Requests come from sheets as offices keep them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.demo.neighbourhood import FOLDER, read
from cli.say import Failure
from cli.sheet import enveloped, moment, submissions
from contracts.cloudevent import encode
from contracts.gate import admit
from contracts.intake import RequestSubmitted

OURS = FOLDER / "demo_requests.csv"


def sheet(folder: Path, text: str) -> Path:
    path = folder / "messages.csv"
    path.write_text("\ufeff" + text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2019/2/28 11:25:05", datetime(2019, 2, 28, 3, 25, 5, tzinfo=UTC)),
        ("2017-06-08 17:31:20.000001", datetime(2017, 6, 8, 9, 31, 20, 1, tzinfo=UTC)),
        ("2017-06-08 17:31:20", datetime(2017, 6, 8, 9, 31, 20, tzinfo=UTC)),
        ("2026-11-16T06:04:05+08:00", datetime(2026, 11, 15, 22, 4, 5, tzinfo=UTC)),
        ("2018-05-01", datetime(2018, 4, 30, 16, tzinfo=UTC)),
    ],
)
def test_both_time_formats_of_one_column_are_read_as_chinese_time(text: str, utc: datetime) -> None:
    assert moment(text) == utc


def test_what_is_no_time_is_left_out() -> None:
    assert moment("") is None
    assert moment("昨天晚上") is None


def test_our_two_hundred_requests_pass_the_gate() -> None:
    requests = submissions(OURS, 200)
    assert len({each.request.external_id for each in requests}) == 200
    for each in requests:
        content_type, body = encode([enveloped(each)])
        assert isinstance(admit(content_type, body).data, RequestSubmitted)


def test_a_sheet_that_is_too_short_is_repeated_under_new_numbers() -> None:
    requests = submissions(OURS, 450, tag="~x")
    assert len({(each.source, each.request.external_id) for each in requests}) == 450
    assert requests[200].request.external_id == requests[0].request.external_id.removesuffix("~x") + "#2~x"


def test_an_export_keeps_one_character_titles_long_bodies_and_its_categories(tmp_path: Path) -> None:
    long = "水" * 12_220
    path = sheet(tmp_path, f"row,title,body,level1\n1,水,{long},环境保护\n2,,没有标题的来信,交通运输\n")
    first, second = (each.request for each in submissions(path, 2, grids=["G1", "G2"]))
    assert (first.title, first.body, first.category) == ("水", long, "环境保护")
    assert second.title == "没有标题的来信"
    assert {first.grid, second.grid} <= {"G1", "G2"}
    assert first.external_id != second.external_id


def test_the_same_seed_draws_the_same_places_and_channels(tmp_path: Path) -> None:
    path = sheet(
        tmp_path, "msg_id,title,time,body\n" + "".join(f"{n},题,2019/2/28 1:02:03,文\n" for n in range(60))
    )
    homes = read().homes
    assert submissions(path, 60, 7, homes) == submissions(path, 60, 7, homes)
    assert submissions(path, 60, 7, homes) != submissions(path, 60, 8, homes)
    assert len({each.source for each in submissions(path, 60, 7, homes)}) > 2


@pytest.mark.parametrize("text", ["", "title,body\n", "a,b\n1,2\n"])
def test_a_sheet_without_requests_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(Failure, match=r"messages\.csv"):
        submissions(sheet(tmp_path, text), 1)


def test_a_place_is_told_by_its_community() -> None:
    around = read()
    assert around.community("99010100100101002") == around.community("990101001001") == "善食社区"
    assert around.community("990101001000") == "七里康乐街道"
    assert (around.community(None), around.community("X9")) == ("–", "X9")
