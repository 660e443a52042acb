"""What a command line names: a service, with the settings that the environment has for it."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any


def named(
    argv: Sequence[str], runner: str, purpose: str, prepare: Callable[[], None] = lambda: None
) -> tuple[type[Any], Any] | None:
    """The service class and its Settings; None, once it is said why, where it cannot run.

    `prepare` comes before anything is imported that waits or connects.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {runner}", description=purpose)
    parser.add_argument("service", help="module:Class, e.g. services.ticket.service:TicketService")
    module, _, class_name = parser.parse_args(argv).service.partition(":")
    prepare()
    from chassis import settings

    try:
        chosen = settings.read(os.environ)
    except settings.SettingsError as error:
        print(f"The settings of {module} are not usable:\n{error}", file=sys.stderr)
        return None
    service = getattr(import_module(module), class_name)
    missing = [name.upper() for name in service.needs if not getattr(chosen, name)]
    if missing:
        print(f"{module} needs {', '.join(missing)}: docs/runbooks/production.md", file=sys.stderr)
        return None
    return service, chosen
