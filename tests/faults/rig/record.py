"""The generator's file: each input that the broker has confirmed, on disk before anybody relies on it."""

import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self


class Record:
    """Appends accepted inputs, one JSON object a line; may be shared by threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._file = self.path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def accepted(self, inputs: Iterable[dict[str, str]]) -> None:
        """Writes them down; they are safe on disk when this returns."""
        lines = "".join(json.dumps(one) + "\n" for one in inputs)
        with self._lock:
            self._file.write(lines)
            self._file.flush()
            os.fsync(self._file.fileno())
