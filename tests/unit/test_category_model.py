"""A model that suggests categories: learns from few texts, knows when it does not know, and runs no file."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.learning.report import measured, rows
from cli.learning.training import calibration_of, learn, turns
from services.ticket.category import features
from services.ticket.category.model import LinearModel, ModelError, load

LAMPS = [f"{n}号门前路灯不亮，晚上看不清{what}" for n in range(8) for what in ("台阶", "路面", "车")]
NOISE = [f"楼上{what}到{n}点，吵得睡不着" for n in range(8) for what in ("跳舞", "装修", "唱歌")]
DRAINS = [f"{n}栋下水道{what}，臭水流出来" for n in range(8) for what in ("堵了", "漫水", "破裂")]
DOUBTFUL = [f"第{n}次反映，请尽快处理" for n in range(16)]
"""Which could be about anything, and are labelled by turns."""
TEXTS = [*LAMPS, *NOISE, *DRAINS, *DOUBTFUL]
LABELS = [*["street_light"] * 24, *["noise"] * 24, *["drain"] * 24, *["noise", "drain"] * 8]


SEEN_NEVER = (
    ("9号门前路灯不亮，晚上看不清楼梯", "street_light"), ("楼上装修到11点，吵得睡不着觉", "noise"),
    ("12栋下水道堵了，臭水流出来了", "drain"),
)  # fmt: skip


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return learn(TEXTS, LABELS, 0.95)


def test_what_it_has_not_seen_is_taken_for_what_it_is_like(model: LinearModel) -> None:
    for text, category in SEEN_NEVER:
        guess = model.guess(text)
        assert (guess.category, guess.sure) == (category, True)


@pytest.mark.parametrize("text", ["", "  \n", "公积金怎样提取", "🙂", "\ud800"])
def test_what_is_like_nothing_it_knows_is_left_to_the_desk(model: LinearModel, text: str) -> None:
    assert not model.guess(text).sure


def test_confidence_grows_with_the_margin_and_stays_a_share(model: LinearModel) -> None:
    told = [model.confidence(margin) for margin in (0.0, 0.5, 1.0, 2.0, 1e9)]
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= 1


def test_labels_that_nobody_can_tell_apart_are_never_decided() -> None:
    texts = DOUBTFUL[:5] * 8
    confused = learn(texts, ["a", "b", "b", "a"] * 10, 0.95)
    assert not any(confused.guess(text).sure for text in texts)


def test_two_labels_are_enough() -> None:
    both = learn([*LAMPS, *NOISE], [*["street_light"] * 24, *["noise"] * 24], 0.95)
    assert {both.guess(text).category for text in (LAMPS[0], NOISE[0])} == {"street_light", "noise"}


def test_the_same_lessons_make_the_same_model_and_others_another_one(model: LinearModel) -> None:
    assert learn(TEXTS, LABELS, 0.95).name == model.name
    assert learn(TEXTS[1:], LABELS[1:], 0.95, calibration_of(model)).name != model.name


def test_a_model_that_was_saved_says_the_same(model: LinearModel, tmp_path: Path) -> None:
    model.save(tmp_path / "m.npz")
    again = load(tmp_path / "m.npz")
    assert again.about == model.about
    assert [again.guess(text) for text in TEXTS] == [model.guess(text) for text in TEXTS]


class Trap:
    """What a stranger would put into a file: whoever unpickles it runs it."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("the file was executed",))


def trapped(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, about=np.array([Trap()], dtype=object))


def truncated(path: Path) -> None:
    learn(TEXTS, LABELS, 0.95).save(path)
    path.write_bytes(path.read_bytes()[:1000])


def out_of_range(path: Path) -> None:
    there = learn(TEXTS, LABELS, 0.95)
    there.save(path)
    with np.load(path) as arrays:
        told = {name: arrays[name] for name in arrays.files}
    with path.open("wb") as file:
        np.savez(file, **(told | {"used": told["used"] + features.BUCKETS}))


def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("hello.txt", "hello")


@pytest.mark.parametrize(
    "write",
    [
        trapped, truncated, out_of_range, other_zip, lambda path: path.write_bytes(pickle.dumps(Trap())),
        lambda path: path.write_text("title,body"), lambda path: path.write_bytes(b""), lambda _path: None,
    ],
)  # fmt: skip
def test_a_file_that_is_no_model_is_told_and_not_executed(write: Any, tmp_path: Path) -> None:
    write(tmp_path / "m.npz")
    with pytest.raises(ModelError):
        load(tmp_path / "m.npz")


def test_width_case_and_spaces_make_no_difference() -> None:
    one, other = features.counted("ＡＢ 路灯\u3000不亮"), features.counted("ab路灯不亮")
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])


def test_every_label_has_its_turn_in_every_part() -> None:
    parts = turns(LABELS, 4)
    assert [int(part) for part in parts[:5]] == [0, 1, 2, 3, 0]
    assert all(len({*parts[start : start + 24]}) == 4 for start in (0, 24, 48))


def test_the_report_counts_what_was_right_and_what_was_sure(model: LinearModel) -> None:
    texts = [*(text for text, _ in SEEN_NEVER), "公积金怎样提取"]
    labels = ["street_light", "noise", "mould", "fund"]
    report = measured(model, texts, labels)
    assert (report.texts, report.accuracy, report.automatic) == (4, 0.5, 0.75)
    assert report.precision == pytest.approx(2 / 3, abs=1e-3)
    noise = next(each for each in report.labels if each.label == "noise")
    assert (noise.texts, noise.recall, noise.automatic) == (1, 1.0, 1.0)
    assert rows(report)[-1][0] == "all"
