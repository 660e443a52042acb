"""`fengge place`: which grid cell an address or a point lies in, and by what it is known."""

from typing import Annotated, get_args

import msgspec
import typer

from cli.life import DOUBTS
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json
from contracts.intake import Location
from contracts.terms import Datum
from services.ticket import place_store
from services.ticket.place.address import normal
from services.ticket.place.coordinates import MILLION
from services.ticket.place.gazetteer import Found

app = typer.Typer(help="Find places · 查地点", no_args_is_help=True)


@app.callback()
def place_() -> None:
    """Find places · 查地点."""


@app.command()
def find(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="As residents write it.")] = "",
    lon: Annotated[float | None, typer.Option(min=-180, max=180, help="Degrees east.")] = None,
    lat: Annotated[float | None, typer.Option(min=-90, max=90, help="Degrees north.")] = None,
    datum: Annotated[str | None, typer.Option(help="wgs84 (satellites) or gcj02 (maps in China).")] = None,
    json: JsonFlag = False,
) -> None:
    """The grid cell of an address or a point, as a request with it gets it · 地址对应的网格.

    Exit status 1 where nobody can tell; such a request goes to the desk.
    """
    location = _location(lon, lat, datum)
    if not address and not location:
        raise Failure("Give an ADDRESS, or --lon and --lat.")
    place: Place = context.obj
    with place.transaction("ticket") as tx:
        there = place_store.gazetteer(tx)
        found = there.find(address or None, location)
        names = {code: there.name(code) for code in [found.cell or "", *found.candidates] if code}
    if json:
        as_json({"address": normal(address), "names": names} | msgspec.to_builtins(found))
    else:
        _tell(found, names)
    raise typer.Exit(0 if found.cell else 1)


def _location(lon: float | None, lat: float | None, datum: str | None) -> Location | None:
    if datum not in (None, *get_args(Datum)):
        raise Failure(f"--datum is {' or '.join(get_args(Datum))}")
    if (lon is None) != (lat is None):
        raise Failure("--lon and --lat go together.")
    if lon is None or lat is None:
        return None
    return Location(lon=round(lon * MILLION), lat=round(lat * MILLION), datum=datum)  # type: ignore[arg-type]


def _tell(found: Found, names: dict[str, str]) -> None:
    if found.cell:
        print(f"{found.cell}  {names[found.cell]}, by {found.by}")
        return
    print(f"unknown: {DOUBTS[str(found.doubt)]}")
    for code in found.candidates:
        print(f"  {code}  {names[code]}")
