"""`fengge dispatch rules` and `adopt`: the routing rules in force, and others from now on."""

import getpass
import hashlib
import json as json_
from pathlib import Path
from typing import Annotated

import typer

from chassis import policy
from chassis.clock import now
from chassis.database import Tx
from cli.place import Place
from cli.say import Failure, JsonFlag, as_json
from services.dispatch import rule_file
from services.dispatch.directory.change_store import log_import
from services.dispatch.rules import Rules

RuleFile = Annotated[
    Path, typer.Argument(metavar="RULES.csv", exists=True, dir_okay=False, help="Columns rule,value.")
]
By = Annotated[str, typer.Option(default_factory=getpass.getuser, help="Who decides; it goes on record.")]


def rules(context: typer.Context, json: JsonFlag = False) -> None:
    """The routing rules in force, as the file that `backtest` and `adopt` read · 现行派单规则."""
    place: Place = context.obj
    with place.transaction("dispatch") as tx:
        found, _ = in_force(tx)
    if json:
        as_json({"version": found.version, "rules": rule_file.figures(found)})
    else:
        print(rule_file.written(found), end="")


def adopt(
    context: typer.Context,
    file: RuleFile,
    by: By,
    reason: Annotated[str | None, typer.Option(help="Why; it goes on record.")] = None,
) -> None:
    """Let routing rules go live, as the next version; what the file does not name stays · 启用派单规则.

    `fengge dispatch backtest` tells before what would change. Offers that stand are not touched.
    """
    place: Place = context.obj
    with place.transaction("dispatch") as tx:
        base, _ = in_force(tx)
        wanted = read(file, base)
        changed = changed_by(base, wanted)
        if not changed:
            raise Failure(f"{file.name} says nothing else than version {base.version}, which is in force.")
        policy.set_policy(tx, "routing", now(), json_.dumps(rule_file.figures(wanted)))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        entry = {
            "file": file.name, "sha256": digest, "rows": len(rule_file.NAMES), "added": 0,
            "changed": len(changed), "who": by, "reason": reason,
        }  # fmt: skip
        log_import(tx, entry)
    print(f"routing rules version {wanted.version} from now on: {said_of(changed)}")


def in_force(tx: Tx) -> tuple[Rules, int]:
    """The routing rules, and the return that goes to an adjudicator."""
    found = policy.look(tx)
    routing = found["routing"]
    return Rules(version=routing.version, **routing.value), int(found["objection"].value["returns"])


def read(file: Path, base: Rules) -> Rules:
    """The rules of a file; raises Failure with all that is wrong with it."""
    try:
        return rule_file.read(file.read_text(encoding="utf-8"), base)
    except UnicodeDecodeError:
        raise Failure(f"{file.name} is not UTF-8.") from None
    except rule_file.BadRules as bad:
        raise Failure("\n".join(f"{file.name}, {line}" for line in str(bad).splitlines())) from None


def changed_by(base: Rules, wanted: Rules) -> dict[str, list[float]]:
    """What is otherwise: rule → before and after."""
    before, after = rule_file.figures(base), rule_file.figures(wanted)
    return {name: [before[name], by] for name, by in after.items() if by != before[name]}


def said_of(changed: dict[str, list[float]]) -> str:
    """The same on one line."""
    return ", ".join(f"{name} {was} → {will}" for name, (was, will) in changed.items()) or "nothing"
