"""Who may enter the operators' room is said at the command line; passwords are never an argument."""

import json
import stat
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.acceptance.conftest import Fengge
from tests.integration.rooms import entered


@pytest.fixture
def name() -> str:
    return f"li.{uuid4().hex[:8]}"


def room(fengge: Fengge) -> str:
    """Where the room of the house is."""
    return str(json.loads((fengge.run / "endpoints.json").read_text())["console"])


def said(fengge: Fengge, words: list[str], typed: str) -> tuple[int, str]:
    """Exit status and output of a command that reads its standard input."""
    done = CliRunner().invoke(app, ["--run", str(fengge.run), "account", *words], input=typed)
    return done.exit_code, done.output


def test_the_first_administrator_of_a_house_has_a_password_only_its_owner_can_read(fengge: Fengge) -> None:
    path: Path = fengge.run / "console.password"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert entered(room(fengge), "admin", path.read_text().strip())


def test_an_account_is_made_changed_locked_and_let_in_again(fengge: Fengge, name: str) -> None:
    drawn = fengge.json("account", "add", name, "--role", "viewer", "--random")["password"]
    assert entered(room(fengge), name, drawn)
    assert fengge.json("account", "role", name, "operator")["role"] == "operator"
    fengge("account", "lock", name)
    assert not entered(room(fengge), name, drawn)
    fengge("account", "unlock", name)
    assert entered(room(fengge), name, drawn)
    (row,) = [each for each in fengge.json("account", "list") if each["name"] == name]
    assert (row["role"], row["locked"]) == ("operator", False)
    assert "password" not in row


def test_a_password_comes_by_standard_input_and_is_long_enough(fengge: Fengge, name: str) -> None:
    status, output = said(fengge, ["add", name], "short\n")
    assert (status, "at least 12" in output) == (1, True)
    assert said(fengge, ["add", name], "a pass phrase of four words\n")[0] == 0
    assert entered(room(fengge), name, "a pass phrase of four words")
    assert said(fengge, ["password", name], "another phrase of words\n")[0] == 0
    assert not entered(room(fengge), name, "a pass phrase of four words")


def test_what_cannot_be_done_with_an_account_is_said(fengge: Fengge, name: str) -> None:
    assert "There is no account" in fengge("account", "role", name, "viewer", status=1)
    assert "small letters" in fengge("account", "add", "Li Wei", "--random", status=1)
    assert "already" in fengge("account", "add", "admin", "--random", status=1)
