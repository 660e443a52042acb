"""Every template is complete: each rule has its words in each language, and no blank stays open."""

from pathlib import Path
from typing import Any

import pytest

from contracts.cloudevent import SINGLE, decode, opened
from contracts.event import Event, type_of
from services.notification.correspondence import Correspondence
from services.notification.messages import NOTES
from services.notification.rating_keys import words
from services.notification.templates import LANGUAGES, MissingText, fields_of, render, templates
from services.notification.templates.wording import blanks

SAMPLES = Path(__file__).parents[2] / "contracts" / "released" / "samples"
ABOUT = Correspondence(id="7K3M-9QXR-2B4D-T8WZ", received=True)
KEY = {"link": "https://rate.example/#T/t", "code": "012345"}
KEYS = {words(language, key) for language in LANGUAGES for key in (KEY, {})}
WORDS = [(fact, language) for fact in NOTES for language in LANGUAGES]


def sample(fact: type[Event]) -> Any:
    """The golden sample of a fact."""
    (event,) = decode(SINGLE, (SAMPLES / f"{type_of(fact)}.json").read_bytes())
    return opened(event).data


@pytest.mark.parametrize(("fact", "language"), WORDS)
def test_every_fact_can_be_told_in_every_language(fact: type[Event], language: str) -> None:
    note = NOTES[fact]
    subject, body = render(note.template(language), note.blanks(ABOUT, sample(fact)))
    assert ABOUT.id in subject
    assert ABOUT.id in body
    assert "{" not in subject + body
    assert "\n" not in subject


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", [KEY, {"code": KEY["code"]}], ids=["with a link", "code alone"])
def test_the_words_of_a_key_carry_all_of_it(language: str, key: dict[str, str]) -> None:
    name = words(language, key)
    assert fields_of(name) == key.keys()
    _, body = render(f"{name}.v1", key)
    assert all(each in body for each in key.values())


def test_all_languages_of_a_message_have_the_same_blanks() -> None:
    for code, template in templates().items():
        other = templates()[code.replace(".zh.", ".en.")]
        assert blanks(template.subject + template.body) == blanks(other.subject + other.body), code


@pytest.mark.parametrize(("fact", "language"), WORDS)
def test_a_newer_template_may_use_all_that_is_filled(fact: type[Event], language: str) -> None:
    note = NOTES[fact]
    filled = note.blanks(ABOUT, sample(fact)).keys()
    assert fields_of(note.template(language).rpartition(".v")[0]) == filled


def test_there_is_no_template_that_nobody_uses() -> None:
    current = {note.template(language) for note in NOTES.values() for language in LANGUAGES}
    versions_in_use = {code.rpartition(".")[0] for code in current} | KEYS
    assert {code.rpartition(".")[0] for code in templates()} == versions_in_use


def test_a_blank_that_nobody_fills_is_an_error() -> None:
    with pytest.raises(MissingText, match="category"):
        render("ticket_accepted.requester.zh.v1", {"number": "1"})


def test_a_template_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(MissingText, match="v99"):
        render("ticket_accepted.requester.zh.v99", {})


def test_braces_in_what_people_write_are_left_alone() -> None:
    fields = {"number": "1", "category": "{number} {0} {x.y}"}
    _, body = render("ticket_accepted.requester.en.v1", fields)
    assert "{number} {0} {x.y}" in body
