"""`fengge demo`: a day of requests through the closed loop, with an account that must balance."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.demo import outcome
from cli.demo.neighbourhood import FOLDER
from cli.demo.play import Script, play
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json
from deploy.local import LocalFailure
from deploy.local.supervisor import STOP_SIGNALS


def demo(
    context: typer.Context,
    n: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many requests; the file is repeated.")
    ] = 200,
    data: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="CSV of requests: our columns, or title, body, …"),
    ] = FOLDER / "demo_requests.csv",
    seed: Annotated[int, typer.Option(help="What the simulated people do.")] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the house running afterwards.")] = False,
    limit: Annotated[float, typer.Option(min=10, help="End after so many seconds at the latest.")] = 600,
    json: JsonFlag = False,
) -> None:
    """Play a day of requests through the closed loop · 演示一天的工单.

    Starts broker, database and services in the run folder unless they are up (`make up`), plays N requests
    with simulated assignees and residents, prints the outcome and writes demo.json into the run folder.
    A house that is up keeps its data; offer, contact and rating windows are short there meanwhile.
    Exit status 0 only if accepted = closed + open + parked and nothing was lost or doubled.
    """
    place: Place = context.obj
    run = place.run.resolve()
    try:
        with _stoppable():
            ending = play(Script(run, n, data, seed, keep, limit))
    except LocalFailure as failure:
        raise Failure(str(failure)) from None
    document = outcome.document(ending.account, ending.seconds, ending.told)
    outcome.write(run / "demo.json", document)
    if json:
        as_json(document)
    else:
        print("\n" + outcome.text(ending.account, ending.seconds, ending.told))
        print(f"\n{run / 'demo.json'} has it all for scripts.")
    raise typer.Exit(0 if ending.account.balanced else 1)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Lets SIGINT and SIGTERM end the demo with all it started, also where a script has them ignored."""

    def interrupt(_number: int, _frame: object) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not cut the stop short
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
