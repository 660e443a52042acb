"""Messages become letters: their words, an address, and where one asks for a rating the words of its key."""

from collections.abc import Mapping, Sequence

from services.notification import outcomes
from services.notification.correspondence import Delivery, Letter, Outcome
from services.notification.rating_keys import words
from services.notification.templates import MissingText, newest_of_house, render

NO_KEYS: Mapping[str, Mapping[str, str]] = {}


def letters(
    deliveries: Sequence[Delivery],
    addresses: Mapping[str, str],
    newest: Mapping[str, int],
    keys: Mapping[str, Mapping[str, str]] = NO_KEYS,
) -> tuple[list[Letter], dict[str, Outcome]]:
    """Letters to the `addresses` of those references; by key, why a message cannot be written.

    `newest` has the versions of imported templates in use, `keys` by ticket the blanks of a key's words.
    """
    found, wrong = [], {}
    for delivery in deliveries:
        try:
            found.append(
                _letter(delivery, addresses[delivery.destination], newest, keys.get(delivery.ticket))
            )
        except MissingText:
            wrong[delivery.key] = outcomes.NO_TEXT
    return found, wrong


def _letter(
    delivery: Delivery, address: str, newest: Mapping[str, int], key: Mapping[str, str] | None
) -> Letter:
    subject, body = render(delivery.template, delivery.fields)
    if key is None:
        return Letter(delivery=delivery, address=address, subject=subject, body=body)
    name = words(delivery.template.split(".")[2], key)
    _, part = render(f"{name}.v{newest.get(name, newest_of_house()[name])}", key)
    return Letter(delivery=delivery, address=address, subject=subject, body=body + part, more=key)
