"""Short windows for the length of a demo: a day of waiting in seconds; then the place's own figures again."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chassis.clock import now
from chassis.policy import in_force, set_policy
from cli.place import Place

CONTACT = 5  # seconds within which a first contact is in time

OFFER = {"emergency": 3, "urgent": 4, "general": 5}

POLICIES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "dispatch": {
        "offer_seconds": OFFER,
        "sequential_seconds": OFFER,
        "claim_seconds": OFFER,
        "contact_seconds": {"emergency": CONTACT, "urgent": CONTACT, "general": CONTACT},
    },
    "evaluation": {"rating_window_seconds": {"seconds": 4}},
}


@contextmanager
def short_windows(place: Place) -> Iterator[None]:
    """Sets the demo's policies, each as a new version, and the former figures when the block ends."""
    former = {service: _set(place, service, figures) for service, figures in POLICIES.items()}
    try:
        yield
    finally:
        for service, figures in former.items():
            _set(place, service, figures)


def _set(
    place: Place, service: str, figures: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Sets policies of one service; returns what was in force before."""
    with place.transaction(service) as tx:
        before = in_force(tx)
        for name, value in figures.items():
            set_policy(tx, name, now(), json.dumps(value))
    return {name: before[name].value for name in figures if name in before}
