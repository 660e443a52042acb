"""An operator looks into the vault for a purpose, changes keys, and tells or erases a person's data."""

import json
import secrets
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.numbering import ticket_number
from tests.acceptance.conftest import Fengge, eventually

REQUESTER = "requester_name,requester_phone,requester_email"
HEADER = f"external_id,channel,source,title,body,category,grid,{REQUESTER}\n"

CALL_BACK = ("--role", "operator", "--purpose", "callback")


@pytest.fixture
def phone() -> str:
    """Nobody else's number."""
    return f"139{secrets.randbelow(10**8):08}"


@pytest.fixture
def number(fengge: Fengge, tmp_path: Path, phone: str) -> str:
    """The ticket of somebody who can be called back."""
    external_id = f"VAULT-{uuid4()}"
    sheet = tmp_path / "one.csv"
    who = f"王小明,{phone},wang@example.org"
    row = f"{external_id},resident,/cli/vault,楼道灯坏了,请打{phone},street_light,99010100100201001,{who}\n"
    sheet.write_text(HEADER + row)
    fengge("publish", str(sheet))
    found = ticket_number("/cli/vault", external_id)
    eventually(lambda: any(row["id"] == found for row in fengge.json("ticket", "list", "--limit", "1000")))
    return found


def test_a_contact_is_shown_for_a_purpose_and_the_look_is_logged(
    fengge: Fengge, number: str, phone: str
) -> None:
    said = fengge("vault", "reveal", number, *CALL_BACK, "--who", "li", "--words")
    assert all(text in said for text in (phone, "王小明", "wang@example.org", "楼道灯坏了"))
    refused = fengge("vault", "reveal", number, "--role", "operator", "--purpose", "gossip", status=1)
    assert "Refused: this role is shown no contacts for this purpose" in refused
    looks = [look for look in fengge.json("vault", "log", "--ref", number) if look["role"] == "operator"]
    assert [(look["outcome"], look["purpose"]) for look in looks] == [
        ("refused", "gossip"), ("full", "callback"),
    ]  # fmt: skip
    assert looks[-1]["who"] == "li"
    assert "callback" in fengge("vault", "log", "--ref", number)


def test_a_company_gets_a_relay_number_that_leads_back(fengge: Fengge, number: str, phone: str) -> None:
    company = ("--role", "property_company", "--purpose", "contact")
    told = fengge.json("vault", "reveal", number, *company, "--words")
    assert told["masked"]
    assert phone not in json.dumps(told)
    assert fengge.json("vault", "reveal", number, *company)["phone"] == told["phone"]
    behind = fengge.json("vault", "reveal", told["phone"], "--role", "relay", "--purpose", "connect")
    assert (behind["ref"], behind["phone"]) == (number, phone)


def test_the_rules_are_a_table_that_an_operator_edits(fengge: Fengge, number: str) -> None:
    assert "whatever is not named is refused" in fengge("vault", "rules")
    inspector = ("vault", "reveal", number, "--role", "inspector", "--purpose", "audit")
    fengge(*inspector, status=1)
    assert "inspector, audit: masked" in fengge("vault", "allow", "inspector", "audit", "masked")
    assert fengge.json(*inspector)["masked"]
    assert fengge("vault", "allow", "inspector", "audit", "nothing").startswith("inspector, audit: nothing")


def test_keys_are_changed_while_the_house_works(fengge: Fengge, number: str, phone: str) -> None:
    path = fengge.run / "vault.keys"
    old = path.read_text()
    path.write_text(fengge("vault", "key") + old)
    try:
        done = json.loads(fengge.told("vault", "rotate", "--json"))
        assert done["sealed"]["contact"] >= 1
        assert done["left"] == 0
        again = json.loads(fengge.told("vault", "rotate", "--json"))
        assert again["sealed"] == {"contact": 0, "request": 0, "remark": 0}
        assert fengge.json("vault", "reveal", number, *CALL_BACK)["phone"] == phone
    finally:  # the services of this house still know the old key alone
        new, _, rest = path.read_text().partition("\n")
        path.write_text(f"{rest}{new}\n")
        fengge("vault", "rotate")
        path.write_text(old)
    assert fengge.json("vault", "reveal", number, *CALL_BACK)["phone"] == phone


def test_a_person_is_told_everything_and_erased(fengge: Fengge, number: str, phone: str) -> None:
    (found,) = json.loads(fengge.told("vault", "export", "--phone", f"+86 {phone}"))["tickets"]
    assert (found["ref"], found["contact"]["name"], found["request"]["title"]) == (
        number,
        "王小明",
        "楼道灯坏了",
    )
    assert found["history"]
    assert {look["purpose"] for look in found["reveals"]} >= {"export"}
    erase = ("vault", "erase", "--phone", phone, "--reason", "本人要求")
    assert f"Still open: {number}" in fengge(*erase, "--yes", status=1)
    assert "behind 1 tickets for ever? [y/N]" in fengge(*erase, "--force", status=1)
    done = fengge.json(*erase, "--yes", "--force")
    assert (done["refs"], done["contacts"], done["requests"]) == ([number], 1, 1)
    assert "may have been erased" in fengge("vault", "reveal", number, *CALL_BACK, status=1)
    assert "Nobody with this number" in fengge("vault", "export", "--phone", phone, status=1)
    assert fengge.json("vault", "log", "--erased")[0]["reason"] == "本人要求"
    assert "本人要求" in fengge("vault", "log", "--erased")
    assert fengge.json("ticket", "show", number)["history"]


def test_without_the_keys_the_vault_stays_shut(fengge: Fengge, number: str) -> None:
    path = fengge.run / "vault.keys"
    old = path.read_text()
    path.write_text(f"{'ab' * 32}\n")
    try:
        assert "The vault does not open: the key" in fengge("vault", "reveal", number, *CALL_BACK, status=1)
    finally:
        path.write_text(old)
    assert "is no telephone number" in fengge("vault", "export", "--phone", "?", status=1)
