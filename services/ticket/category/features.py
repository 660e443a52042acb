"""A text as the model sees it: which single characters and pairs it has, each hashed into a bucket.

Chinese needs no words cut out for this. With hashes there is no vocabulary to keep, and training and
service cannot disagree: both come here.
"""

import re
import unicodedata

import numpy as np
import numpy.typing as npt

BITS = 20
BUCKETS = 1 << BITS
LONGEST = 5_000
"""Characters that are read; what a text is about stands further up."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

_SEED, _ODD = np.uint64(1), np.uint64(0x9E3779B97F4A7C15)
_SHIFT, _REST = np.uint64(29), np.uint64(64 - BITS)
_SPACE = re.compile(r"\s+")


def counted(text: str) -> tuple[Ints, Floats]:
    """The buckets of a text in ascending order, and 1 + log of how often each occurs."""
    buckets, counts = np.unique(_hashed(_folded(text)), return_counts=True)
    return buckets, (1 + np.log(counts)).astype(np.float32)


def _folded(text: str) -> str:
    return _SPACE.sub("", unicodedata.normalize("NFKC", text[:LONGEST]).casefold())


def _hashed(text: str) -> Ints:
    """Multiplicative hashing of code points (Knuth, TAOCP 3, 6.4), the second on top of the first."""
    points = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    single = _mixed(points ^ _SEED)
    pairs = _mixed(single[:-1] ^ points[1:])
    return ((np.concatenate([single, pairs]) * _ODD) >> _REST).astype(np.int64)


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    mixed = values * _ODD
    return mixed ^ (mixed >> _SHIFT)
