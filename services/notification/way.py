"""What a channel to persons has to offer."""

from collections.abc import Sequence
from typing import Protocol

from chassis.line import Deadline
from chassis.settings import Settings
from services.notification.correspondence import Letter, Outcome


class Way(Protocol):
    """A channel module; what it cannot send before `deadline` it postpones."""

    def configured(self, settings: Settings, /) -> bool: ...
    def send(
        self, letters: Sequence[Letter], settings: Settings, deadline: Deadline, /
    ) -> dict[str, Outcome]: ...
