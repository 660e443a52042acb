"""The Open311 client `three`, unmodified; it was written for Python 2."""

import importlib
import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest


@cache
def three() -> Any:
    """The module; skips where it is not installed.

    Its import asks itertools for what has been the built-in `filter` since Python 3.
    """
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(itertools, "ifilter", filter, raising=False)
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module("three")
        except ModuleNotFoundError as error:
            pytest.skip(f"{error.name} is not installed: nobody has spoken Open311 as others do")


@contextmanager
def three_at(port: int, key: str) -> Iterator[Any]:
    """A client of a gateway on this machine, which no proxy is to come between."""
    client = three().Three(f"http://127.0.0.1:{port}/open311/v2", api_key=key)
    client.session.trust_env = False
    try:
        yield client
    finally:
        client.session.close()
