"""Every way into the gateway: one file each, and its line here."""

from services.gateway.call import Endpoint
from services.gateway.channels import events, hotline, open311, reconcile, tickets, webhooks

ENDPOINTS: tuple[Endpoint, ...] = (
    *events.ENDPOINTS, *hotline.ENDPOINTS, *tickets.ENDPOINTS, *reconcile.ENDPOINTS,
    *webhooks.ENDPOINTS, *open311.ENDPOINTS,
)  # fmt: skip
