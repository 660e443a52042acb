"""Houses to break: one is built when it is first needed, and anew after one was given up."""

import shutil
from contextlib import ExitStack
from pathlib import Path

from tests.faults.rig.house import House, opened


class Estate:
    """At most one house stands at a time; drills that leave it sound share it."""

    def __init__(self, run: Path, nodes: int = 1) -> None:
        self._run, self._nodes = run, nodes
        self._stack = ExitStack()
        self._house: House | None = None

    def house(self) -> House:
        """A house where everything is well."""
        if self._house is None:
            shutil.rmtree(self._run, ignore_errors=True)
            self._house = self._stack.enter_context(opened(self._run, nodes=self._nodes))
        self._house.mend()
        return self._house

    def give_up(self) -> None:
        """Takes the house down; its logs stay until the next one is built."""
        self._house = None
        self._stack.close()

    close = give_up
