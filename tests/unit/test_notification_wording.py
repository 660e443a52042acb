"""Jinja2 with its hands tied: what a template may say, and that the fast way says the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification import templates
from services.notification.templates import BadTemplates, Template, read, wording
from services.notification.templates.wording import ENVIRONMENT, BadWording, blanks, compiled

FIELDS = {"number": "1", "category": "电梯"}
NAME = "ticket_accepted.requester.zh"


def test_blanks_conditions_and_filters_are_filled() -> None:
    text = "{number}{% if category == '电梯' %}，{category|trim}{% else %}。{% endif %}{# 备注 #}"
    assert compiled(text)(FIELDS) == "1，电梯"
    assert blanks(text) == {"number", "category"}


@pytest.mark.parametrize(
    "text",
    [
        "{number.__class__}", "{number['x']}", "{number()}", "{number * 99999999}", "{number ~ number}",
        "{% for each in number %}{each}{% endfor %}", "{% set x = 1 %}", "{% include 'x' %}",
        "{% macro m() %}{% endmacro %}", "{number|center(999999999)}", "{number|nope}", "{range()}",
        "{number", "{% if number %}", "{{number}}", "{number is string}", "{[1, 2]}",
    ],
)  # fmt: skip
def test_what_could_run_loop_or_look_inside_is_refused(text: str) -> None:
    with pytest.raises(BadWording):
        compiled(text)


@given(st.lists(st.sampled_from(["{number}", "{ category }", "}", "%", "\n", "\\", "字", " ", "{# x #}"])))
def test_the_fast_way_writes_what_jinja_would(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert compiled(text)(FIELDS) == ENVIRONMENT.from_string(text).render(FIELDS)


@pytest.mark.parametrize("code", templates.templates())
def test_every_template_of_the_house_goes_the_fast_way(code: str) -> None:
    template = templates.templates()[code]
    for text in (template.subject, template.body):
        assert getattr(compiled(text), "__name__", "") == "format_map"


def test_what_is_filled_in_is_never_taken_for_a_template() -> None:
    assert compiled("{% if number %}{number}{% endif %}")({"number": "{category} {{x}} {% y %}"}) == (
        "{category} {{x}} {% y %}"
    )


def test_a_file_is_read_whole_or_every_fault_is_named() -> None:
    good = f'["{NAME}"]\nsubject = "已受理（{{number}}）"\nbody = "类别：{{category}}"\n'
    assert read(good) == {NAME: Template("已受理（{number}）", "类别：{category}")}
    bad = '["nobody.requester.zh"]\nsubject = "x"\nbody = "y"\n["offer_made.assignee.en"]\nsubject = "a"\n'
    with pytest.raises(BadTemplates) as refused:
        read(good + bad)
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == [
        "nobody.requester.zh",
        "offer_made.assignee.en",
    ]


@pytest.mark.parametrize(
    ("subject", "body", "says"),
    [
        ("{number}", "{phone} {category} {nmae}", "nobody fills nmae, phone"),
        ("two\\nlines", "x", "subject"),
        ("x", "", "body"),
        ("x", "{% for a in number %}{% endfor %}", "For"),
    ],
)
def test_a_blank_that_nobody_fills_is_found_before_anybody_gets_it(
    subject: str, body: str, says: str
) -> None:
    with pytest.raises(BadTemplates, match=says):
        read(f'["{NAME}"]\nsubject = "{subject}"\nbody = "{body}"\n')


@pytest.mark.parametrize("text", ["not toml", "", "x = 1"])
def test_what_is_no_file_of_templates_is_refused(text: str) -> None:
    with pytest.raises(BadTemplates):
        read(text)


def test_jinja_is_sandboxed_and_has_no_globals() -> None:
    assert wording.ENVIRONMENT.sandboxed
    assert wording.ENVIRONMENT.globals == {}
