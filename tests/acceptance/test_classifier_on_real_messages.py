"""The model on real messages: how many a held-out fifth it tells, alone and rightly, and what corrections do.

`make classifier` runs it; CLASSIFIED and ELSEWHERE name other files than those beside the project.
"""

import os
from functools import cache
from pathlib import Path

import pytest

from cli.learning.lessons import Lessons, lessons_of
from cli.learning.report import Report, measured
from cli.learning.training import calibration_of, learn, turns
from services.ticket.category.model import LinearModel

DATA = Path(__file__).parents[3] / "shared" / "data"
CLASSIFIED = Path(os.environ.get("CLASSIFIED", DATA / "tipdm2020c" / "messages_labelled.csv"))
ELSEWHERE = Path(os.environ.get("ELSEWHERE", DATA / "fuzhou12345" / "river_complaints.csv"))
TEXT = ("title", "body", "tokens_if_no_body")
RIVERS = "环境保护"
"""What complaints about rivers in another city are about; their file has no such column."""
CORRECTIONS = 300
PRECISION = 0.95

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not CLASSIFIED.exists() or not ELSEWHERE.exists(),
        reason="the real messages are not here; CLASSIFIED=…/messages_labelled.csv and ELSEWHERE=… name them",
    ),
]


@cache
def real() -> tuple[Lessons, Lessons]:
    """What is learnt from, and the fifth that is held out."""
    every = lessons_of(CLASSIFIED, TEXT, "level1")
    held_out = turns(every.labels, 5) == 4
    return every.only(~held_out), every.only(held_out)


@cache
def elsewhere() -> Lessons:
    """Another city's messages."""
    there = lessons_of(ELSEWHERE, ("title", "body"), "river")
    return Lessons(there.texts, [RIVERS] * len(there.texts))


@cache
def model() -> LinearModel:
    seen, _ = real()
    return learn(seen.texts, seen.labels, PRECISION)


def of(lessons: Lessons, judge: LinearModel) -> Report:
    return measured(judge, lessons.texts, lessons.labels)


def test_the_held_out_fifth_is_told_well_and_mostly_without_the_desk() -> None:
    report = of(real()[1], model())
    print(
        f"\nmacro F1 {report.macro_f1:.4f}, alone {report.automatic:.1%}, rightly {report.precision:.1%}, "
        f"{report.milliseconds_per_text:.2f} ms a text"
    )
    assert report.macro_f1 >= 0.91
    assert report.precision >= PRECISION
    assert report.automatic >= 0.88


def test_corrections_from_another_city_help_there_and_do_no_harm_here() -> None:
    seen, held_out = real()
    there = elsewhere()
    corrected = [place < CORRECTIONS for place in range(len(there.texts))]
    more, others = there.only(corrected), there.only([not yes for yes in corrected])
    learnt = seen.and_(more)
    taught = learn(learnt.texts, learnt.labels, PRECISION, calibration_of(model()))
    before, after = of(others, model()), of(others, taught)
    print(f"\nelsewhere right {before.accuracy:.1%} → {after.accuracy:.1%}, "
          f"alone {before.automatic:.1%} → {after.automatic:.1%}")  # fmt: skip
    assert after.accuracy > before.accuracy
    assert of(held_out, taught).macro_f1 >= 0.91
