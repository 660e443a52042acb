"""Which tests share a worker when several run side by side: a file, or the whole of what one house serves."""

from xdist.scheduler import LoadFileScheduling

HOUSES = ("tests/faults/", "tests/acceptance/")
"""Folders whose tests share processes that take long to start."""


class Lanes(LoadFileScheduling):  # type: ignore[misc]  # xdist does not publish its types
    """Hands each worker one file after the other, and each of the houses to one worker alone."""

    def _split_scope(self, nodeid: str) -> str:
        return next((house for house in HOUSES if nodeid.startswith(house)), super()._split_scope(nodeid))
