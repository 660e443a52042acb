"""The frame around every page of the operators' room: ways on, words, roles, what is derived from secrets."""

import importlib
import pkgutil

import pytest

import services.console
from chassis.settings import OPERATORS, SettingsError, read
from services.console import session
from services.console.guard import safe_next
from services.console.issuer import handshake, is_of
from services.console.passwords import unfit
from services.console.render import span
from services.console.roles import NAMES, ROLES

OURS = ["/", "/audit", "/ticket?q=7K3M&grid=a%2Fb", "/failed/ticket/12"]
NOT_OURS = [
    "", None, "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:x",
    "/a\nb", "/a b", "evil", "/" + "a" * 2000, "/\x7f", "http:/evil.example", "/\tx",
]  # fmt: skip


@pytest.mark.parametrize("target", OURS)
def test_a_path_of_ours_is_gone_on_to(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize("target", NOT_OURS)
def test_what_may_lead_elsewhere_leads_to_the_start(target: str | None) -> None:
    assert safe_next(target) == "/"


def test_a_token_fits_the_session_it_was_made_for_alone() -> None:
    one, other = session.drawn(), session.drawn()
    assert session.fits(session.csrf_of(one), one)
    assert not session.fits(session.csrf_of(one), other)
    assert not session.fits("", one)
    assert not session.fits(session.csrf_of(""), "")
    assert one not in session.csrf_of(one)


def test_a_sign_in_at_an_issuer_ends_in_the_browser_in_which_it_began() -> None:
    one, other = session.drawn(), session.drawn()
    assert is_of(handshake(one).state, one)
    assert not is_of(handshake(one).state, other)
    assert not is_of("", one)


def test_roles_are_those_of_the_settings() -> None:
    assert tuple(ROLES) == OPERATORS == tuple(NAMES)


def test_claims_are_read_as_roles() -> None:
    chosen = read({
        "AMQP_URL": "amqp://x/fengge", "DATABASE_URL": "postgresql://x",
        "OIDC_ROLES": "cn=leads,ou=a=supervisor, desk=viewer",
    } | {"OIDC_ROLES": "leads=supervisor, desk=viewer"})  # fmt: skip
    assert chosen.oidc_roles == {"leads": "supervisor", "desk": "viewer"}
    with pytest.raises(SettingsError, match="OIDC_ROLES"):
        read({"AMQP_URL": "amqp://x/fengge", "DATABASE_URL": "postgresql://x", "OIDC_ROLES": "leads=king"})


def test_every_word_is_said_in_both_languages() -> None:
    for found in pkgutil.walk_packages(services.console.__path__, "services.console."):
        if not found.name.endswith("words"):
            continue
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            pairs = value.items() if isinstance(value, dict) and name.isupper() else ()
            for key, pair in pairs:
                if isinstance(pair, tuple):
                    assert len(pair) == 2, (found.name, key)
                    assert all(isinstance(half, str) and half.strip() for half in pair), (found.name, key)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (59, "59 秒", "59 s"),
        (420, "7 分 0 秒", "7 min 0 s"),
        (90_061, "1 天 1 小时", "1 d 1 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds: float, zh: str, en: str) -> None:
    assert (span(seconds), span(seconds, "en")) == (zh, en)


def test_a_password_is_long_enough() -> None:
    assert unfit("eleven char")
    assert unfit("x" * 257)
    assert unfit("correct horse battery") is None
