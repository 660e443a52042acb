"""Sends events to Fengge from any Python program; needs pika and msgspec only (docs/integrators.md)."""

from contracts.publisher.client import Publisher
from contracts.publisher.errors import AccessRefused, NotConfirmed, PublishFailed, Unroutable
from contracts.publisher.line import INSIDE, OUTSIDE

__all__ = ["INSIDE", "OUTSIDE", "AccessRefused", "NotConfirmed", "PublishFailed", "Publisher", "Unroutable"]
