"""What the service needs of a model, whatever it is made of."""

from typing import Protocol

from msgspec import Struct


class Guess(Struct, frozen=True):
    """A category, how likely it is right, and whether that is above the bar of the model."""

    category: str
    confidence: float
    sure: bool


class Classifier(Protocol):
    """Takes texts for categories."""

    @property
    def name(self) -> str:
        """The version, as facts name it."""

    def guess(self, text: str) -> Guess:
        """The likeliest category of a text."""
