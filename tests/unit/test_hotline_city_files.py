"""A city's file is checked before anything depends on it, and tried out line by line before it is used."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chassis import settings
from chassis.settings import SettingsError
from cli.main import app
from contracts.hotline.reading import BadCity, read, read_folder

FOLDER = Path(__file__).parents[2] / "directory" / "hotlines"
CITY, SAMPLE = FOLDER / "kangning.toml", FOLDER / "sample.csv"

WRONG = {
    "not TOML": ("[fields]", "[fields", "kangning.toml"),
    "a table of ours misspelt": ("[messages]", "[message]", "unknown field `message`"),
    "a field of ours misspelt": ('caller = "来电人"', 'callers = "来电人"', "unknown field `callers`"),
    "a kind that is none": ('"派单" = "order"', '"派单" = "send"', "Invalid enum value 'send'"),
    "a severity that is none": ('"特急" = "emergency"', '"特急" = "extreme"', "'extreme'"),
    "no order": ('"派单" = "order"', '"派单" = "remind"', "no word for an order"),
    "a kind without its field": ('approved = "审核结果"\n', "", "'extension', and [fields] no approved"),
    "a time that tells no minute": ('"%Y-%m-%d %H:%M"', '"%Y-%m-%d"', "does not tell day and minute"),
    "a fact that is none": ("[out.facts.TicketAccepted]", "[out.facts.TicketMoved]", "'TicketMoved'"),
    "a member that does not leave": ('"severity"}', '"requester_ref"}', "'requester_ref' is none of"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, what: str) -> None:
    right, wrong, why = WRONG[what]
    text = CITY.read_text()
    assert text.count(right) == 1
    path = tmp_path / "kangning.toml"
    path.write_text(text.replace(right, wrong))
    with pytest.raises(BadCity, match=r"kangning\.toml") as found:
        read(path)
    assert why in str(found.value)


def test_two_cities_are_not_one_source(tmp_path: Path) -> None:
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text(CITY.read_text())
    with pytest.raises(BadCity, match="two cities are urn:hotline:12345:kangning"):
        read_folder(str(tmp_path))
    (tmp_path / "two.toml").rename(tmp_path / "Two.toml")
    with pytest.raises(BadCity, match="small letters"):
        read_folder(str(tmp_path))
    with pytest.raises(BadCity, match="no folder"):
        read_folder(str(tmp_path / "nowhere"))
    assert read_folder("") == {}


def test_a_service_does_not_start_with_a_file_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "kangning.toml").write_text("source = 1")
    environ = {"AMQP_URL": "amqp://x", "DATABASE_URL": "postgresql://x", "HOTLINES": str(tmp_path)}
    with pytest.raises(SettingsError, match=r"HOTLINES: .*kangning\.toml"):
        settings.read(environ)


def checked(*words: str, status: int = 0) -> Any:
    done = CliRunner().invoke(app, ["hotline", "check", *words])
    assert done.exit_code == status, done.output
    return json.loads(done.output) if "--json" in words else done.output


def test_a_dry_run_says_line_by_line_what_would_come_of_a_sheet() -> None:
    found = checked(str(CITY), str(SAMPLE), "--json", status=1)
    assert [each["event"] for each in found] == [
        "RequestSubmitted", "RequestSubmitted", "ReminderSent", "SupervisionOrdered", "SplitOrdered",
        "ExtensionDecided", "CallbackMade", None,
    ]  # fmt: skip
    assert found[0]["ticket"] == found[2]["ticket"] != found[1]["ticket"]
    assert (found[1]["category"], found[1]["severity"]) == ("lift_broken", "urgent")
    assert found[7]["errors"][0].startswith("/紧急程度: ")
    words = checked(str(CITY), str(SAMPLE), status=1)
    assert "7 would be taken, 1 refused" in words
    assert "not read by kangning.toml: 流水" in words


def test_a_dry_run_reads_json_and_finds_an_id_that_is_used_twice(tmp_path: Path) -> None:
    order = {"业务类型": "派单", "工单编号": "7", "标题": "路灯不亮"}
    lines = tmp_path / "orders.json"
    lines.write_text("\n".join(json.dumps(each) for each in (order, order, order | {"标题": "别的"})))
    found = checked(str(CITY), str(lines), "--json", status=1)
    assert [each["event"] for each in found] == ["RequestSubmitted", "RequestSubmitted", None]
    assert "says something else further up" in found[2]["errors"][0]
    assert "nobody to call back" in found[0]["notes"]
    lines.write_text(json.dumps([order]))
    assert len(checked(str(CITY), str(lines), "--json")) == 1
    lines.write_text("[1]")
    assert "JSON object" in checked(str(CITY), str(lines), status=1)
    assert checked(str(CITY)) == "kangning.toml can be used\n"


def test_a_file_that_cannot_be_used_fails_the_check(tmp_path: Path) -> None:
    assert "No such file" in checked(str(tmp_path / "none.toml"), status=1)
