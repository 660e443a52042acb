"""The ways out, one file each: console, smtp, sms and app for persons, webhook for other systems."""

from collections.abc import Mapping

from contracts.terms import NotificationChannel
from services.notification.channels import app, sms, smtp
from services.notification.way import Way

WAYS: Mapping[NotificationChannel, Way] = {"app": app, "sms": sms, "smtp": smtp}
"""Channels that reach a person outside, each with a worker of its own; `callback` has operators."""
