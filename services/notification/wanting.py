"""Who wants to hear of an event: by its type, by whose ticket it is about, and by where that is."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from contracts.cloudevent import CloudEvent
from contracts.event import Event


class Wanting(Struct, frozen=True, kw_only=True):
    """One subscriber of an event's type: of whose tickets (None: all) and cells (none: all) it hears."""

    id: str
    sources: Sequence[str] | None = None
    grids: Sequence[str] = ()
    hotline: bool = False

    @property
    def limited(self) -> bool:
        """Whether it depends on the ticket if it hears of it."""
        return self.sources is not None or bool(self.grids)

    def hears(self, source: str | None, grid: str | None) -> bool:
        """Whether a ticket of this source in this cell is one of those; what is not known is none of them."""
        ours = self.sources is None or source in self.sources
        return ours and (not self.grids or bool(grid and grid.startswith(tuple(self.grids))))


class Wanted(Struct, frozen=True):
    """An event, and who may hear of it."""

    event: CloudEvent[Event]
    by: Sequence[Wanting]

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.event.time
