"""`fengge train` and `fengge classify` on small files: model, report, sorted rows; bad files are told."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from services.ticket.category.model import load

SAYINGS = {
    "street_light": "{n}号门前路灯不亮，晚上看不清台阶",
    "noise": "楼上装修到{n}点，吵得睡不着",
    "drain": "{n}栋下水道堵了，臭水流出来",
}


def fengge(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def sheet(path: Path, head: str, rows: Sequence[tuple[str, ...]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([tuple(head.split(",")), *rows])
    return str(path)


def lessons(path: Path, many: int = 20) -> str:
    rows = [(f"第{n}件", text.format(n=n), label) for label, text in SAYINGS.items() for n in range(many)]
    return sheet(path / "lessons.csv", "title,body,level1", [*rows, ("怪事", "只此一件", "strange")])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, its report, and the file it learnt from."""
    folder = tmp_path_factory.mktemp("trained")
    done = fengge("train", lessons(folder), "--label", "level1", "--out", str(folder / "m.npz"))
    assert done.exit_code == 0, done.output
    return folder


def test_training_writes_a_model_that_has_learnt_from_all_and_a_report_of_what_it_had_not_seen(
    trained: Path,
) -> None:
    report = json.loads((trained / "m.npz.report.json").read_text(encoding="utf-8"))
    assert (report["about"]["rows"], report["report"]["texts"]) == (60, 12)
    assert report["about"]["name"] == load(trained / "m.npz").name
    assert report["left_out"] == {"strange": 1}
    assert [each["label"] for each in report["report"]["labels"]] == ["drain", "noise", "street_light"]
    assert report["report"]["macro_f1"] == 1.0


def test_classify_adds_category_confidence_and_whether_it_abstained(trained: Path) -> None:
    file = sheet(
        trained / "new.csv",
        "no,title,body",
        [("1", "第7件", "7号门前路灯不亮，晚上看不清台阶"), ("2", "🙂", "")],
    )
    out = trained / "sorted.csv"
    done = fengge("classify", file, "--model", str(trained / "m.npz"), "--out", str(out))
    assert done.exit_code == 0, done.output
    with out.open(encoding="utf-8-sig", newline="") as written:
        first, second = csv.DictReader(written)
    assert (first["no"], first["category"], first["abstained"]) == ("1", "street_light", "no")
    assert (second["confidence"], second["abstained"]) == ("0.000", "yes")


def test_corrections_are_learnt_too(trained: Path) -> None:
    moved = [(f"第{n}件", SAYINGS["drain"].format(n=n), "flood", "drain") for n in range(30)]
    more = sheet(trained / "corrections.csv", "title,body,category,suggested", moved)
    words = ("--label", "level1", "--out", str(trained / "m2.npz"), "--corrections", more, "--json")
    done = fengge("train", str(trained / "lessons.csv"), *words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["corrections"] == 30
    assert load(trained / "m2.npz").guess(SAYINGS["drain"].format(n=3)).category == "flood"


ELSEWHERE = {
    "street_light": ("{n}巷灯柱熄灭多日", "{n}巷入夜漆黑冇灯"),
    "noise": ("{n}座邻居打麻将通宵", "{n}座狗吠成夜嘈到死"),
    "drain": ("{n}街沙井满泻水浸", "{n}街渠口塞住水浸街"),
}
"""What another city's residents call the same."""


def elsewhere(numbers: range) -> list[tuple[str, str]]:
    """Texts of that city with what they are about."""
    return [(text.format(n=n), label) for label, ways in ELSEWHERE.items() for n in numbers for text in ways]


def test_300_corrections_from_another_source_improve_that_source(trained: Path) -> None:
    """Texts that nobody has corrected are told better; those of the first source as before."""
    rows = [("", text, label, "") for text, label in elsewhere(range(50))]
    assert len(rows) == 300
    more = sheet(trained / "300.csv", "title,body,category,suggested", rows)
    words = ("--label", "level1", "--out", str(trained / "m3.npz"), "--corrections", more)
    assert fengge("train", str(trained / "lessons.csv"), *words).exit_code == 0
    before, after = (load(trained / name) for name in ("m.npz", "m3.npz"))
    new = elsewhere(range(50, 60))
    right = [sum(model.guess(text).category == label for text, label in new) for model in (before, after)]
    assert right[0] <= 0.7 * len(new)
    assert right[1] >= 0.95 * len(new)
    here = [(text.format(n=n), label) for label, text in SAYINGS.items() for n in range(100, 110)]
    assert all(after.guess(text).category == label for text, label in here)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--label", "level2", "--out", "new.npz"), "has no column level2"),
        (("--label", "level1", "--text", "title,words", "--out", "new.npz"), "has no column words"),
        (("--label", "level1", "--out", "m.npz"), "--force replaces it"),
        (("--label", "level1", "--least", "21", "--out", "new.npz"), "fewer than two labels"),
    ],
)
def test_what_cannot_be_learnt_from_is_told(
    trained: Path, words: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained)
    done = fengge("train", "lessons.csv", *words)
    assert done.exit_code == 1
    assert told in done.output


def test_without_the_libraries_it_says_what_to_install(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    done = fengge("train", str(trained / "lessons.csv"), "--label", "level1", "--out", str(trained / "n.npz"))
    assert "pip install 'fengge[train]'" in done.output


def test_a_file_that_is_no_model_is_told(trained: Path) -> None:
    file = str(trained / "lessons.csv")
    done = fengge("classify", file, "--model", file, "--out", str(trained / "x.csv"))
    assert done.exit_code == 1
    assert "is no model" in done.output
