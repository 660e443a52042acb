"""Houses to break: one is built when it is first needed, and anew after one was given up."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from tests.faults.rig.house import House, opened


class Estate:
    """At most one house stands at a time; drills that leave it sound share it. `opens` says which kind."""

    def __init__(self, run: Path, opens: Callable[[Path], AbstractContextManager[House]] = opened) -> None:
        self._run, self._opens = run, opens
        self._stack = ExitStack()
        self._house: House | None = None

    def house(self) -> House:
        """A house where everything is well."""
        if self._house is None:
            shutil.rmtree(self._run, ignore_errors=True)
            self._house = self._stack.enter_context(self._opens(self._run))
        self._house.mend()
        return self._house

    def give_up(self) -> None:
        """Takes the house down; its logs stay until the next one is built."""
        self._house = None
        self._stack.close()

    close = give_up
