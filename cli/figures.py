"""`fengge figures`: what the processes of this house, and its broker, tell Prometheus at this moment."""

import urllib.request
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any
from urllib.error import URLError

import typer
from prometheus_client.parser import text_string_to_metric_families

from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table

SECONDS = 5.0
Row = dict[str, Any]


def figures(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(help="Figures, e.g. fengge_parked_records or 'fengge_outbox*'.")
    ] = None,
    process: Annotated[str | None, typer.Option(help="Only of this process.")] = None,
    json: JsonFlag = False,
) -> None:
    """What each process tells Prometheus now · 各进程指标.

    Exit status 1 where a process does not answer.
    """
    place: Place = context.obj
    rows: list[Row] = []
    silent: list[str] = []
    for name, addresses in place.tellers().items():
        if process in (None, name):
            try:
                rows += [row for address in addresses for row in _read(name, address, names or ["fengge_*"])]
            except (URLError, TimeoutError, ConnectionError):
                silent.append(name)
    if json:
        as_json({"figures": rows, "silent": silent})
    else:
        print(
            table(("process", "figure", "labels", "value"), [list(row.values()) for row in rows], widest=70)
        )
    if silent:
        raise Failure(f"These do not answer: {', '.join(silent)}. `fengge status` says what runs.")


def _read(process: str, address: str, names: Sequence[str]) -> Iterator[Row]:
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:  # noqa: S310 (an address of ours)
        text = answer.read().decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if any(fnmatchcase(sample.name, name) for name in names):
                labels = {key: value for key, value in sample.labels.items() if key != "service"}
                told = " ".join(f"{key}={value}" for key, value in labels.items())
                yield {"process": process, "figure": sample.name, "labels": told, "value": sample.value}
