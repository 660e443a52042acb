"""`fengge template`: the words of the messages, shown, tried out, and replaced by newer ones."""

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.place import Place
from cli.say import Failure, JsonFlag, as_json, table
from services.notification import template_store, templates
from services.notification.templates import BadTemplates, MissingText, Template

app = typer.Typer(help="The words of the messages · 通知模板", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="E.g. ticket_accepted.requester.zh.")]


@app.command("list")
def list_(context: typer.Context, json: JsonFlag = False) -> None:
    """Every template with its newest version and its blanks · 模板清单."""
    newest, house = _newest(context.obj), templates.newest_of_house()
    rows = [
        {
            "name": name,
            "version": newest.get(name, {}).get("version", house[name]),
            "imported_at": newest.get(name, {}).get("imported_at"),
            "who": newest.get(name, {}).get("who"),
            "blanks": sorted(templates.fields_of(name)),
        }
        for name in sorted(house)
    ]
    if json:
        as_json(rows)
        return
    titles = ("name", "version", "imported at", "who", "blanks")
    print(table(titles, [[*list(row.values())[:-1], ", ".join(row["blanks"])] for row in rows]))


@app.command()
def preview(
    context: typer.Context,
    name: Name,
    version: Annotated[int | None, typer.Option(min=1, help="Which version; without it the newest.")] = None,
    fill: Annotated[list[str] | None, typer.Option("--set", metavar="BLANK=WORDS")] = None,
    file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The words in this file, before they are imported."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """A message as it would go out; a blank that is not set shows its name · 预览."""
    if name not in templates.newest_of_house():
        raise Failure(f"There is no template {name}; `fengge template list` shows all.")
    fields = {blank: f"‹{blank}›" for blank in templates.fields_of(name)} | _filled(fill or [])
    code, there = _wanted(context.obj, name, version, file)
    templates.use(there)
    try:
        subject, body = templates.render(code, fields)
    except MissingText as error:
        raise Failure(str(error)) from None
    if json:
        as_json({"template": code, "subject": subject, "body": body})
    else:
        print(f"{subject}\n\n{body.strip()}")


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help='TOML: ["NAME"], subject, body.')],
    who: Annotated[
        str, typer.Option(default_factory=getpass.getuser, help="Who decides; it goes on record.")
    ],
    json: JsonFlag = False,
) -> None:
    """Give messages new words, in use after five seconds · 导入模板.

    The file is taken as a whole or not at all; each template gets the version after its newest,
    from 1001 on. Refused is a blank that nobody fills, and anything but blanks, `if` and simple filters.
    """
    wanted = _read(file)
    place: Place = context.obj
    with place.transaction("notification") as tx:
        present = template_store.newest(tx)
        new = {name: words for name, words in wanted.items() if words != _words(name, present.get(name))}
        versions = {name: template_store.add(tx, name, words, who) for name, words in new.items()}
    if json:
        as_json({"imported": versions, "as_before": sorted(wanted.keys() - versions.keys())})
        return
    for name in wanted:
        print(f"{name}: {f'version {versions[name]}' if name in versions else 'as before'}")


def _newest(place: Place) -> dict[str, dict[str, Any]]:
    with place.transaction("notification") as tx:
        return template_store.newest(tx)


def _words(name: str, row: dict[str, Any] | None) -> Template:
    return Template(row["subject"], row["body"]) if row else templates.of_house(name)


def _wanted(
    place: Place, name: str, version: int | None, file: Path | None
) -> tuple[str, dict[str, Template]]:
    """The code to render, and what must be there for it."""
    if file:
        found = _read(file)
        if name not in found:
            raise Failure(f"{file.name} holds no {name}; it has {', '.join(found)}.")
        return f"{name}.draft", {f"{name}.draft": found[name]}
    with place.transaction("notification") as tx:
        there = dict(template_store.look(tx).templates)
        newest = template_store.newest(tx).get(name, {}).get("version", templates.newest_of_house()[name])
    return f"{name}.v{version or newest}", there


def _read(file: Path) -> dict[str, Template]:
    try:
        return templates.read(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise Failure(f"{file.name} is not in UTF-8. Nothing was imported.") from None
    except BadTemplates as error:
        raise Failure(f"{file.name} cannot be taken:\n{error}\nNothing was imported.") from None


def _filled(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise typer.BadParameter(f"{wrong[0]!r} is not like category=lift")
    return {name: words for name, _, words in pairs}
