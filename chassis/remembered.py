"""A memory that keeps the last of what was put into it and forgets the rest by itself."""

from collections.abc import Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """The last `least` entries at least, twice as many at most; green threads and others may share it."""

    def __init__(self, least: int) -> None:
        self._least = least
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def put(self, entries: Mapping[K, V]) -> None:
        """Remembers these, in place of what was remembered under the same keys."""
        self._young.update(entries)
        if len(self._young) > self._least:
            self._young, self._old = {}, self._young

    def get(self, key: K) -> V | None:
        """What was put in last under this key, as far as it is remembered."""
        found = self._young.get(key)
        return self._old.get(key) if found is None else found

    def forget(self) -> None:
        """Something failed: perhaps because what is remembered was wrong."""
        self._young, self._old = {}, {}
