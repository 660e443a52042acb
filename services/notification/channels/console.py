"""The console channel, the embedded default: a message becomes a page in the operators' console."""

from services.notification import outcomes
from services.notification.correspondence import Delivery, Outcome, Page
from services.notification.templates import MissingText, render


def page(delivery: Delivery) -> Page | Outcome:
    """The message as a page, or why it cannot be written."""
    try:
        subject, body = render(delivery.template, delivery.fields)
    except MissingText:
        return outcomes.NO_TEXT
    return Page(
        key=delivery.key, ticket=delivery.ticket, audience=delivery.audience,
        destination=delivery.destination, subject=subject, body=body,
    )  # fmt: skip
