"""Every alert has a page in two languages, and what it tells to type can be typed at a real house."""

import json
import re
import shlex
from string import Template

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.acceptance.conftest import Fengge, eventually
from tests.acceptance.runbooks import FOLDER, PARTS, ask, page, run
from tests.unit.test_what_prometheus_is_told import ALERTS

NAMES = [rule["alert"] for rule in ALERTS]
PAGES = [page(name) for name in NAMES]
READING = sorted(
    {line for each in PAGES for part in ("check", "verify") for line in each.commands(part).splitlines()}
)
MENDING = sorted(
    {line for each in PAGES for line in each.commands("mend").splitlines() if "$RECORD" not in line}
)
"""What mends, but for a decision about a record: `make runbooks` makes one."""
CHINESE = re.compile("[一-鿿]")


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *NAMES}
    listed = re.findall(
        r"^\| \[(\w+)\]\(\1\.md\)", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert listed == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_part_of_a_page_is_said_in_both_languages(name: str) -> None:
    for part in PARTS:
        said = re.sub(r"```.*?```", "", page(name).parts[part], flags=re.DOTALL)
        paragraphs = [text for text in said.split("\n\n") if text.strip()]
        assert [bool(CHINESE.search(text)) for text in paragraphs] == [True, False], (part, paragraphs)


@pytest.fixture(scope="module")
def filled(fengge: Fengge) -> dict[str, str]:
    """What a person fills in: a ticket, a parked record and a process that are there."""
    ask(json.loads((fengge.run / "endpoints.json").read_text())["broker"]["users"]["intake"])
    found = eventually(lambda: fengge.json("ticket", "list"))
    return {"TICKET": found[0]["id"], "RECORD": "ticket:1", "PROCESS": "dispatch"}


def test_what_the_pages_tell_to_type_first_can_be_typed(fengge: Fengge, filled: dict[str, str]) -> None:
    for line in READING:
        if line.startswith("fengge ") and "$RECORD" not in line:
            words = shlex.split(Template(line).substitute(filled))[1:]
            done = CliRunner().invoke(app, ["--run", str(fengge.run), *words])
            assert done.exit_code in (0, 1), (line, done.output)
            assert done.exception is None or isinstance(done.exception, SystemExit), (line, done.exception)


def test_logs_and_questions_to_the_database_are_answered(fengge: Fengge, filled: dict[str, str]) -> None:
    lines = [line for line in READING if line.partition(" ")[0] in ("sql", "logs", "df")]
    assert len(lines) >= 7
    done = run("\n".join(lines), fengge.run, **filled)
    assert done.returncode == 0, done.stderr
    assert "dispatch | True" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize("line", MENDING)
def test_what_mends_does_no_harm_to_a_house_that_is_well(
    fengge: Fengge, filled: dict[str, str], line: str
) -> None:
    done = run(line, fengge.run, **filled)
    assert done.returncode == 0, done.stdout + done.stderr
    eventually(lambda: run("fengge status", fengge.run).returncode == 0)


def test_nothing_else_is_told_to_type() -> None:
    assert {line.partition(" ")[0] for line in READING} <= {"fengge", "sql", "logs", "df", "rabbit"}
    assert {line.partition(" ")[0] for line in MENDING} <= {"fengge", "sql", "rabbit", "restart"}
