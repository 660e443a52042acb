"""How alike two requests are, pure: the same words by one keyed hash, similar ones by hashes of their pieces.

A text is its letters and digits, folded; a piece is five of them in a row. Of the hashes of all pieces the
64 lowest stand for the text: the share that two such sets have in common estimates the share of pieces that
the texts have in common (bottom-k sketch, a MinHash with one hash function: Cohen and Kaplan, PODC 2007).
"""

import re
import unicodedata
from collections.abc import Sequence
from hashlib import blake2b
from heapq import nsmallest

from contracts.intake import Requester
from services.ticket.privacy.vault import normal_phone

LENGTH = 5
KEPT = 64
LOWEST = 6
"""Texts that share none of so many of their lowest hashes are not compared at all."""

_NO_LETTER = re.compile(r"[\W_]+")


def compared(title: str, body: str, least: int) -> str | None:
    """The text by which a request is compared: its body, or title and body where that says too little."""
    text = _folded(body)
    if len(text) < least:
        text = _folded(title) + text
    return text if len(text) >= least else None


def who(requester: Requester | None) -> str | None:
    """By what the same person is known again; None where nobody can tell."""
    if requester is None:
        return None
    phone = normal_phone(requester.phone or "")
    if phone:
        return f"phone:{phone}"
    return f"email:{requester.email.casefold()}" if requester.email else None


def pieces(text: str, key: bytes) -> list[int]:
    """The lowest hashes of the text's pieces, in order; they tell no word without the key."""
    found = {text[start : start + LENGTH] for start in range(max(1, len(text) - LENGTH + 1))}
    return nsmallest(KEPT, {_hash(piece, key) for piece in found})


def likeness(one: Sequence[int], other: Sequence[int]) -> int:
    """How many of a hundred pieces two texts have in common."""
    union = nsmallest(KEPT, {*one, *other})
    shared = {*one} & {*other} & {*union}
    return round(100 * len(shared) / len(union)) if union else 0


def _folded(text: str) -> str:
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text).casefold())


def _hash(piece: str, key: bytes) -> int:
    return int.from_bytes(blake2b(piece.encode(), digest_size=8, key=key).digest(), signed=True)
