"""What identifies a requester is sealed row by row, opened with older keys too, and found by its number."""

from pathlib import Path

import pytest

from chassis.keys import read_keys
from contracts.masking import masked
from services.ticket.privacy.vault import Identity, Locked, Vault, Words, normal_phone

OLD, NEW = b"o" * 32, b"n" * 32
WHO = Identity(name="王小明", phone="13800138000", email="wang@example.org")
SAID = Words(title="路灯不亮", body="我叫王小明", address=None)


def test_what_was_sealed_opens_as_it_was() -> None:
    vault = Vault([NEW])
    for table, kind, content in (("contact", Identity, WHO), ("request", Words, SAID)):
        sealed = vault.seal(table, "T", content)
        assert vault.open(table, "T", vault.newest, sealed, kind) == content


def test_nothing_of_it_can_be_read_and_no_two_rows_look_alike() -> None:
    vault = Vault([NEW])
    first, second = (vault.seal("contact", "T", WHO) for _ in range(2))
    assert first != second
    assert not any(text.encode() in first for text in ("王小明", "13800138000", "example"))


@pytest.mark.parametrize(("table", "ref"), [("contact", "U"), ("request", "T")])
def test_a_row_does_not_open_in_the_place_of_another(table: str, ref: str) -> None:
    vault = Vault([NEW])
    with pytest.raises(Locked, match="not as it was sealed"):
        vault.open(table, ref, vault.newest, vault.seal("contact", "T", WHO), Identity)


def test_a_changed_byte_is_noticed() -> None:
    vault = Vault([NEW])
    sealed = bytearray(vault.seal("contact", "T", WHO))
    sealed[20] ^= 1
    with pytest.raises(Locked):
        vault.open("contact", "T", vault.newest, bytes(sealed), Identity)


def test_after_a_new_key_the_older_one_still_opens_and_no_longer_seals() -> None:
    before, after, without = Vault([OLD]), Vault([NEW, OLD]), Vault([NEW])
    sealed = before.seal("contact", "T", WHO)
    assert after.open("contact", "T", before.newest, sealed, Identity) == WHO
    assert after.newest == without.newest != before.newest
    with pytest.raises(Locked, match=f"the key {before.newest} is not among those"):
        without.open("contact", "T", before.newest, sealed, Identity)


def test_a_person_is_found_by_the_number_under_every_key() -> None:
    marks = Vault([NEW, OLD]).marks("+86 138-0013-8000")
    assert marks == [Vault([NEW]).mark("13800138000"), Vault([OLD]).mark("13800138000")]
    assert Vault([NEW]).mark("13800138001") not in marks
    assert Vault([NEW]).mark("不详") is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800138000", "13800138000"), ("138 0013 8000", "13800138000"), ("+8613800138000", "13800138000"),
        ("0086-138-0013-8000", "13800138000"), ("８６１３８００１３８０００", "13800138000"),
        ("(010) 6234-5678", "01062345678"), ("+86 10 62345678", "01062345678"), ("12345", "12345"),
        ("13800138000转8012", "13800138000"), ("13800138000/13900139000", "13800138000"),
        ("+852 2123 4567", "+85221234567"), ("", ""), ("没有", ""),
    ],
)  # fmt: skip
def test_a_number_is_the_same_however_it_is_written(written: str, number: str) -> None:
    assert normal_phone(written) == number


def test_keys_come_from_the_setting_or_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{NEW.hex()}  # since May\n\n{OLD.hex()}\n")
    assert read_keys(f"{NEW.hex()}, {OLD.hex()}") == read_keys(f"file:{path}") == (NEW, OLD)
    assert read_keys("") == ()


@pytest.mark.parametrize("text", ["short", "AB" * 32, f"{'ab' * 32},{'ab' * 32}", "file:/nowhere", "ab" * 33])
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is ") as caught:
        read_keys(text)
    assert text.removeprefix("file:") not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话13800138000，谢谢", "电话***，谢谢"), ("call +86 138-0013-8000 now", "call *** now"),
        ("身份证11010519491231002X。", "身份证***。"), ("wang.x+1@mail.example.cn", "***"),
        ("010-62345678", "***"), ("3号楼2单元1501室", "3号楼2单元1501室"), ("2026-11", "2026-11"),
    ],
)  # fmt: skip
def test_numbers_that_identify_somebody_are_masked_and_others_stay(text: str, shown: str) -> None:
    assert masked(text) == shown
