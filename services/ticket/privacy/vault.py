"""The identity vault, pure: what identifies a requester is sealed with AES-256-GCM and found by keyed hashes.

Each key of the setting gives three by HKDF (RFC 5869): its name, the one that seals, the one that marks.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from hmac import digest
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

NONCE = 12
"""Bytes, random for each row: a key may seal 2**32 of them (NIST SP 800-38D, 8.3), a city's in a century."""
MARK = 16
"""Bytes of HMAC-SHA-256 that are kept."""

S = TypeVar("S", bound=Struct)


class Identity(Struct, frozen=True, kw_only=True):
    """Who asked and how to reach them."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None


class Words(Struct, frozen=True, kw_only=True):
    """What they said."""

    title: str
    body: str
    address: str | None = None
    location: str | None = None


class Note(Struct, frozen=True):
    """What was added to it later."""

    words: str


class Locked(Exception):
    """A row was sealed with a key that is not here, or was changed since."""


class _Key:
    def __init__(self, secret: bytes) -> None:
        self.name = _derived(secret, b"name", 4).hex()
        self.cipher = AESGCM(_derived(secret, b"seal", 32))
        self.marking = _derived(secret, b"mark", 32)
        self.pieces = _derived(secret, b"pieces", 32)

    def mark(self, text: str) -> bytes:
        return digest(self.marking, text.encode(), "sha256")[:MARK]


class Vault:
    """Seals with the newest of its keys, opens with all of them; needs at least one."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._keys = [_Key(secret) for secret in secrets]
        self._by_name = {key.name: key for key in self._keys}
        self._newest = self._keys[0]

    @property
    def newest(self) -> str:
        """The name of the key that seals."""
        return self._newest.name

    @property
    def names(self) -> list[str]:
        """The names of all keys, the newest first."""
        return [key.name for key in self._keys]

    def seal(self, table: str, ref: str, content: Struct) -> bytes:
        """`content` sealed with the newest key; it opens only as this row of this table."""
        nonce = os.urandom(NONCE)
        return nonce + self._newest.cipher.encrypt(nonce, msgspec.json.encode(content), _row(table, ref))

    def open(self, table: str, ref: str, key: str, sealed: bytes, kind: type[S]) -> S:
        """What was sealed with the key of this name; raises Locked."""
        if key not in self._by_name:
            raise Locked(f"the key {key} is not among those of VAULT_KEYS")
        cipher = self._by_name[key].cipher
        try:
            content = cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _row(table, ref))
        except InvalidTag as error:
            raise Locked(f"the row {ref} of {table} is not as it was sealed") from error
        return msgspec.json.decode(content, type=kind)

    def mark(self, phone: str | None) -> bytes | None:
        """By what a number is found again without opening anything; None where there is no number."""
        number = normal_phone(phone or "")
        return self._newest.mark(number) if number else None

    @property
    def pieces(self) -> bytes:
        """The newest key for hashes of pieces of text."""
        return self._newest.pieces

    def marks_of(self, text: str) -> list[bytes]:
        """Keyed hashes of any other text under all keys, that of the newest first."""
        return [key.mark(text) for key in self._keys]

    def marks(self, phone: str) -> list[bytes]:
        """The marks of a number under all keys."""
        number = normal_phone(phone)
        return [key.mark(number) for key in self._keys] if number else []


def normal_phone(text: str) -> str:
    """The first number in `text` as digits, in China without its country code; empty where there is none.

    A foreign number keeps its + and country code (E.164).
    """
    if len(text) == 11 and text.isascii() and text.isdigit():
        return text
    plain = re.sub(r"[\s\-‐–—()]", "", unicodedata.normalize("NFKC", text))
    found = re.search(r"(\+|00)?(\d{3,})", plain)
    if found is None:
        return ""
    digits = found[2]
    if found[1] and not digits.startswith("86"):
        return f"+{digits}"
    if digits.startswith("86") and (found[1] or len(digits) == 13):
        national = digits[2:]
        is_mobile = len(national) == 11 and national.startswith("1")
        return national if is_mobile or national.startswith("0") else f"0{national}"
    return digits


_in_use: list[Vault] = []


def use(vault: Vault) -> None:
    """Says with which keys this process works."""
    _in_use[:] = [vault]


def in_use() -> Vault:
    """The vault of this process; `use` comes first."""
    return _in_use[0]


def _row(table: str, ref: str) -> bytes:
    return f"{table}:{ref}".encode()


def _derived(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"fengge vault " + purpose).derive(secret)
