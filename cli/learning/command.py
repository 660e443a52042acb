"""`fengge train` and `fengge classify`: a model out of labelled texts, and a file sorted by it."""

import importlib.util
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from cli.learning.lessons import BODY, CATEGORY, TITLE, Lessons, columns, lessons_of, table_of, text_of
from cli.say import Failure, JsonFlag, as_json, table
from cli.sheets import as_csv

EVERY = 5
"""Every fifth text of each label tells how good the model is."""
NEEDED = 10
"""Texts of a label below which nothing can be learnt and measured."""

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file with a header.")]
Text = Annotated[str, typer.Option(help="Columns that make up the text, in order.")]


def train(
    file: File,
    out: Annotated[Path, typer.Option(help="Where the model goes; the report goes to OUT.report.json.")],
    label: Annotated[str, typer.Option(help="The column with the category.")],
    text: Text = "title,body",
    corrections: Annotated[
        list[Path], typer.Option(exists=True, dir_okay=False, help="What `fengge corrections export` wrote.")
    ] = [],  # noqa: B006 (typer copies it)
    precision: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="The share that must be right where the model decides.")
    ] = 0.95,
    least: Annotated[int, typer.Option(min=NEEDED, help="Labels with fewer texts are left out.")] = 20,
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is there.")] = False,
    json: JsonFlag = False,
) -> None:
    """Train a model that suggests categories · 训练分类模型.

    The labels must be categories of the catalogue. The report is about every fifth text, which the measured
    model has not seen; the model that is written has learnt from all of them.
    """
    if out.exists() and not force:
        raise Failure(f"{out} is there already; --force replaces it.")
    _needs_libraries()
    lessons = lessons_of(file, columns(text), label, least)
    learnt_too = Lessons([], [])
    for path in corrections:
        learnt_too = learnt_too.and_(lessons_of(path, [TITLE, BODY], CATEGORY))
    if len({*lessons.labels}) < 2:
        raise Failure(f"{file} has fewer than two labels with {least} texts each: nothing can be learnt.")
    document = _trained(lessons, learnt_too, precision, out)
    if json:
        as_json(document)
    else:
        _tell(document, out)


def classify(
    file: File,
    model: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="What `fengge train` wrote.")],
    out: Annotated[Path, typer.Option(help="Where the rows go, with category, confidence and abstained.")],
    text: Text = "title,body",
) -> None:
    """Sort the texts of a file by a model · 文本分类.

    `abstained` is yes where the model is not sure enough; the category is then its best guess for the desk.
    """
    from services.ticket.category.model import ModelError, load

    try:
        there = load(model)
    except ModelError as error:
        raise Failure(f"{model} {error}") from None
    names = columns(text)
    rows = table_of(file, names)
    guesses = [there.guess(text_of(row, names)) for row in rows]
    told = [
        [*row.values(), guess.category, f"{guess.confidence:.3f}", "no" if guess.sure else "yes"]
        for row, guess in zip(rows, guesses, strict=True)
    ]
    out.write_text(as_csv([*rows[0], "category", "confidence", "abstained"], told), encoding="utf-8")
    sure = sum(guess.sure for guess in guesses)
    print(f"{len(rows)} texts sorted by {there.name}: {sure} surely, {len(rows) - sure} for the desk")


def _needs_libraries() -> None:
    if not importlib.util.find_spec("sklearn"):
        raise Failure("Training needs scikit-learn: pip install 'fengge[train]'. The services do without.")


def _trained(lessons: Lessons, more: Lessons, precision: float, out: Path) -> dict[str, Any]:
    """Measures a model of four fifths, then trains one of all, whose margins are worth the same."""
    from cli.learning.report import measured
    from cli.learning.training import calibration_of, learn, turns

    held_out = turns(lessons.labels, EVERY) == EVERY - 1
    tested, seen = lessons.only(held_out), lessons.only(~held_out).and_(more)
    trial = learn(seen.texts, seen.labels, precision)
    report = measured(trial, tested.texts, tested.labels)
    whole = lessons.and_(more)
    model = learn(whole.texts, whole.labels, precision, calibration_of(trial))
    model.save(out)
    document = msgspec.to_builtins(
        {"about": model.about, "corrections": len(more.texts), "left_out": lessons.left_out, "report": report}
    )
    out.with_name(f"{out.name}.report.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(document), indent=1)
    )
    return dict(document)


def _tell(document: dict[str, Any], out: Path) -> None:
    from cli.learning.report import Report, rows

    report = msgspec.convert(document["report"], Report)
    print(table(("label", "texts", "precision", "recall", "F1", "automatic"), rows(report)))
    if document["left_out"]:
        print(f"left out, too few texts: {', '.join(document['left_out'])}")
    about = document["about"]
    print(
        f"\n{out}: {about['name']}, of {about['rows']} texts. Of texts it had not seen it decides "
        f"{report.automatic:.1%} alone, {report.precision:.1%} of them rightly; the desk decides the rest.\n"
        f"CATEGORY_MODEL={out} lets the ticket service use it."
    )
