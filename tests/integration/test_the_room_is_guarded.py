"""Every route of the operators' room, pages to come included, refuses whoever may not, and what is forged."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

import psycopg
import pytest
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from deploy.local.endpoints import Endpoints
from services.console.page import Page, Route
from services.console.pages import PAGES
from services.console.roles import Role
from services.console.room import Room
from services.console.visit import Visit
from tests.integration import rooms
from tests.integration.rooms import HOST, OURS, Operator, signed_in

STEP = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>")


def _touch(visit: Visit) -> Response:
    with visit.acting("thing", visit.reason()) as deed:
        deed.before, deed.after = "old", "new"
    return visit.see("/")


def _part(visit: Visit) -> Response:
    return Response("<p>part</p>", content_type="text/html")


TRIAL = Page(
    routes=(
        Route("/trial/touch", _touch, method="POST", action="touch", role=Role.OPERATOR),
        Route("/trial/part", _part, fragment=True, role=Role.VIEWER),
    )
)
ROUTES = [route for page in (*PAGES, TRIAL) for route in page.routes]
GUARDED = [route for route in ROUTES if route.role is not None]
ACTIONS = [route for route in ROUTES if route.method == "POST"]
NAMED = pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.name)
ACTED = pytest.mark.parametrize("route", ACTIONS, ids=lambda route: route.name)


@pytest.fixture(scope="module")
def room(migrated: Endpoints) -> Iterator[Room]:
    """One for all, with a page of the test's own besides."""
    room = rooms.opened(migrated, (*PAGES, TRIAL))
    yield room
    room.close()


@pytest.fixture(scope="module")
def operators(room: Room) -> dict[Role, Operator]:
    """One for each role."""
    return {role: signed_in(room, role.word) for role in Role}


def path_of(route: Route) -> str:
    """A path that fits."""
    return STEP.sub(lambda found: "1" if found[1] == "int" else "ticket", route.path)


def sent(
    operator: Operator,
    route: Route,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> TestResponse:  # fmt: skip
    """A request of this route."""
    told = {"Host": HOST, **(headers or {})}
    if route.method == "GET":
        return operator.client.get(path_of(route), base_url=f"http://{HOST}", headers=told)
    return operator.post(path_of(route), form, OURS | told)


@NAMED
@pytest.mark.parametrize("fragment", [False, True])
def test_nobody_who_is_not_signed_in_gets_anything(room: Room, route: Route, fragment: bool) -> None:
    stranger = Operator(room)
    token = stranger.csrf()
    answer = sent(
        stranger, route, {"HX-Request": "true"} if fragment else {}, form={"csrf": token, "reason": "because"}
    )
    if fragment:
        assert (answer.status_code, answer.text) == (401, "")
    elif route.method == "GET":
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?next=/")
    else:
        assert answer.status_code == 401


@NAMED
def test_nobody_gets_what_needs_a_higher_role(operators: dict[Role, Operator], route: Route) -> None:
    assert route.role is not None
    for role, operator in operators.items():
        if role < route.role:
            answer = sent(operator, route, form={"csrf": operator.csrf(), "reason": "because"})
            assert answer.status_code == 403, role


def test_a_viewer_can_do_nothing_but_leave() -> None:
    open_to_viewers = {route.action for route in ACTIONS if route.role in (None, Role.VIEWER)}
    assert open_to_viewers == {"sign-in", "sign-out"}


def test_every_action_has_a_name_for_the_record() -> None:
    assert all(route.action for route in ACTIONS)
    assert not any(route.action for route in ROUTES if route.method == "GET")


FORGED = {
    "no token": {},
    "an empty token": {"csrf": ""},
    "a made up token": {"csrf": "0" * 64},
}


@ACTED
@pytest.mark.parametrize("form", FORGED.values(), ids=list(FORGED))
def test_a_form_without_this_sessions_token_is_refused(
    operators: dict[Role, Operator], route: Route, form: dict[str, str]
) -> None:
    answer = sent(operators[Role.ADMINISTRATOR], route, form=form | {"reason": "because"})
    assert answer.status_code == 403


@ACTED
def test_the_token_of_another_session_is_refused(operators: dict[Role, Operator], route: Route) -> None:
    other = operators[Role.SUPERVISOR].csrf()
    assert (
        sent(operators[Role.ADMINISTRATOR], route, form={"csrf": other, "reason": "because"}).status_code
        == 403
    )


CROSS_SITE = {
    "another origin": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another origin in an old browser": {"Origin": "https://evil.example"},
    "no origin": {"Origin": "null"},
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another port of this host": {"Origin": "http://127.0.0.1:9", "Sec-Fetch-Site": "same-site"},
    "nothing said": {},
}


@ACTED
@pytest.mark.parametrize("headers", CROSS_SITE.values(), ids=list(CROSS_SITE))
@pytest.mark.parametrize("fragment", [False, True])
def test_an_action_from_another_site_is_refused_even_with_the_right_token(
    operators: dict[Role, Operator], route: Route, headers: dict[str, str], fragment: bool
) -> None:
    operator = operators[Role.ADMINISTRATOR]
    told = headers | ({"HX-Request": "true"} if fragment else {})
    form = {"csrf": operator.csrf(), "reason": "because"}
    assert operator.post(path_of(route), form, told).status_code == 403


@NAMED
def test_what_another_site_embeds_or_fetches_is_refused(
    operators: dict[Role, Operator], route: Route
) -> None:
    if route.method == "POST":
        pytest.skip("tried above")
    for mode, target in (("no-cors", "image"), ("navigate", "iframe"), ("cors", "empty")):
        told = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}
        assert sent(operators[Role.ADMINISTRATOR], route, told).status_code == 403, mode
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = sent(operators[Role.ADMINISTRATOR], route, linked)
    assert (answer.status_code == 403) is route.fragment


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_another_host_name_is_refused(operators: dict[Role, Operator], route: Route) -> None:
    operator = operators[Role.ADMINISTRATOR]
    call = operator.client.get if route.method == "GET" else operator.client.post
    answer = call(path_of(route), base_url="http://evil.example:8444", headers={"Host": "evil.example:8444"})
    assert answer.status_code == 400


@NAMED
def test_a_session_that_was_left_opens_nothing_any_more(room: Room, route: Route) -> None:
    operator = signed_in(room, "administrator")
    secret, token = operator.secret, operator.csrf()
    assert operator.act("/sign-out").status_code == 303
    operator.secret = secret
    answer = sent(operator, route, form={"csrf": token, "reason": "because"})
    assert answer.status_code == (303 if route.method == "GET" else 401)


def test_signing_in_gives_a_new_secret_and_ends_the_old_one(room: Room) -> None:
    operator = Operator(room)
    before, first = operator.secret if operator.csrf() else "", operator.sign_in("viewer")
    assert first.status_code == 303
    inside = operator.secret
    assert inside != before
    operator.post("/sign-in", {"csrf": operator.csrf(), "name": "operator", "password": rooms.PASSWORD})
    assert operator.secret not in (before, inside)
    for old in (before, inside):
        operator.secret = old
        assert operator.get("/audit").status_code == 303


def test_an_action_is_done_and_is_on_record_with_its_reason(
    operators: dict[Role, Operator], migrated: Endpoints
) -> None:
    assert operators[Role.OPERATOR].act("/trial/touch", reason="  try it ").status_code == 303
    with psycopg.connect(migrated.database_url("console")) as tx:
        rows = tx.execute(
            "SELECT who, role, what, target, reason, outcome, before, after FROM action"
            " WHERE what = 'touch' AND outcome = 'done'"
        ).fetchall()
    assert rows == [("operator", "operator", "touch", "thing", "try it", "done", "old", "new")]


def test_an_action_without_a_reason_is_not_done(operators: dict[Role, Operator]) -> None:
    answer = operators[Role.OPERATOR].act("/trial/touch", reason="  ")
    assert answer.status_code == 400
    assert "理由" in answer.text


def test_a_refusal_is_on_record(operators: dict[Role, Operator], migrated: Endpoints) -> None:
    viewer = operators[Role.VIEWER]
    assert viewer.act("/trial/touch", reason="because").status_code == 403
    with psycopg.connect(migrated.database_url("console")) as tx:
        row = tx.execute(
            "SELECT what, target, after FROM action WHERE who = 'viewer' AND outcome = 'refused'"
            " ORDER BY no DESC LIMIT 1"
        ).fetchone()
    assert row == ("touch", "/trial/touch", {"problem": "role"})


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_answer_lets_nothing_run_that_is_not_ours(
    operators: dict[Role, Operator], route: Route
) -> None:
    answer = sent(operators[Role.VIEWER], route)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|hx-on|javascript:", answer.text)


@NAMED
def test_nonsense_in_a_path_or_a_form_breaks_nothing(operators: dict[Role, Operator], route: Route) -> None:
    operator = operators[Role.ADMINISTRATOR]
    odd = STEP.sub(lambda found: "9" * 30 if found[1] == "int" else "%00%F0%9F%98%80'\"", route.path)
    told = {"q": "\0'\"", "who": "\0", "below": "9" * 30, "reason": "\0" * 9, "no": "9" * 30}
    if route.method == "GET":
        answer = operator.client.get(odd, base_url=f"http://{HOST}", query_string=told)
    else:
        answer = operator.post(odd, told | {"csrf": operator.csrf()})
    assert answer.status_code < 500 or answer.status_code == 503
    if route.action == "sign-out":
        operators[Role.ADMINISTRATOR] = signed_in(operator.room, "administrator")


def test_a_part_that_a_page_fetches_by_itself_keeps_nobody_signed_in(
    operators: dict[Role, Operator], migrated: Endpoints
) -> None:
    viewer = operators[Role.VIEWER]
    aged = "UPDATE session SET seen_at = now() - interval '20 minutes' WHERE account = 'viewer'"
    with psycopg.connect(migrated.database_url("console"), autocommit=True) as tx:
        tx.execute(aged)
        assert viewer.get("/trial/part").status_code == 200
        ((age,),) = tx.execute("SELECT now() - seen_at FROM session WHERE account = 'viewer'").fetchall()
        assert age >= timedelta(minutes=20)
        viewer.get("/")
        ((age,),) = tx.execute("SELECT now() - seen_at FROM session WHERE account = 'viewer'").fetchall()
        assert age < timedelta(minutes=1)
