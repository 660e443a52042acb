"""Who is told what: roles and purposes in a table, and a relay number for those who are told no more."""

import pytest

from services.ticket.privacy.disclosure import NEVER_FULL, Look, contact, verdict, words
from services.ticket.privacy.vault import Identity, Words

TABLE = {
    "operator": {"callback": "full"},
    "volunteer_team": {"contact": "masked"},
    **{role: {"contact": "full"} for role in NEVER_FULL},
}
WHO = Identity(name="王小明", phone="13800138000", email="wang@example.org")
SAID = Words(
    title="王小明家漏水", body="请打138 0013 8000或wang@example.org，住幸福里3-201", address="幸福里3-201"
)


def test_a_role_sees_all_of_a_contact_for_a_purpose_of_its_own() -> None:
    found = verdict(TABLE, "operator", "callback")
    assert found.outcome == "full"
    assert contact(WHO, found.outcome, None)["phone"] == "13800138000"


@pytest.mark.parametrize(
    ("role", "purpose", "reason"),
    [("operator", "curiosity", "for this purpose"), ("passer-by", "callback", "this role")],
)
def test_anybody_else_is_refused_with_a_reason(role: str, purpose: str, reason: str) -> None:
    found = verdict(TABLE, role, purpose)
    assert found.outcome == "refused"
    assert reason in (found.reason or "")


@pytest.mark.parametrize("role", sorted(NEVER_FULL))
def test_a_company_gets_the_relay_number_whatever_the_table_says(role: str) -> None:
    found = verdict(TABLE, role, "contact")
    assert found.outcome == "masked"
    assert contact(WHO, found.outcome, "12345,000000001") == {
        "name": None, "phone": "12345,000000001", "email": None, "masked": True,
    }  # fmt: skip


def test_who_left_no_number_has_no_relay_number() -> None:
    assert contact(Identity(name="王小明"), "masked", "12345,1")["phone"] is None


def test_words_are_only_for_those_who_may_know_who_said_them() -> None:
    assert words(SAID, "masked") is None
    assert words(SAID, "full") == {
        "title": SAID.title, "body": SAID.body, "address": SAID.address, "location": SAID.location,
    }  # fmt: skip


def test_who_names_no_role_asks_as_itself() -> None:
    assert Look(refs=[], purpose="notify", who="notification").acting_as == "notification"
