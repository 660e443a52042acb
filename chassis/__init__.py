"""Delivery guarantees, written once: inbox, outbox, order, recovery. It knows no ticket."""
