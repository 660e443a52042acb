"""Prepares a broker and a database for Fengge: users, rights, tables, queues, directory; safe to repeat.

`python -m deploy.setup` reads its settings from the environment, and so does the container `setup`.
"""

import argparse
import logging
import os
import sys
import urllib.error
from pathlib import Path

import psycopg

from contracts.publisher.errors import TROUBLE
from contracts.registry import CONSOLE, SCHEMAS
from deploy import gazetteer, offered, resend, topology
from deploy.local import outsiders, roles
from deploy.local.accounts import ADMIN, OWNER
from deploy.local.definitions import definitions
from deploy.local.keeper import ByApi
from deploy.plan import SETTINGS, Plan, SetupFailure, read
from deploy.schemas import bring_up_to_date
from services.dispatch.directory.importing import gather, import_files

log = logging.getLogger(__name__)


def carry_out(plan: Plan, *, restored: bool = False) -> None:
    """Does it all in order; what is there already is brought in line, and nothing is deleted.

    With `restored` the queues are emptied and the outboxes send again what their subscribers lack.
    """
    prepare_database(plan)
    prepare_broker(plan)
    if restored:
        log.info("%s", resend.prepare(plan.database_url(OWNER), plan.admin_url(), plan.shards))
    if plan.directory:
        import_directory(plan, plan.directory)
    dispatch = plan.database_url("dispatch")
    if gazetteer.hand_over_between(dispatch, plan.database_url("ticket")):
        log.info("places are found by a new edition of the directory")
    if offered.hand_over_between(dispatch, plan.database_url("gateway")):
        log.info("other services are offered by Open311")


def prepare_database(plan: Plan) -> None:
    """Database, roles, schemas, tables and rights."""
    roles.create_database(plan.postgres_url)
    roles.create_roles(plan.superuser_url(), plan.database)
    log.info("roles and schemas are there: %s", ", ".join(SCHEMAS))
    log.info("applied %d migrations", bring_up_to_date(plan.database_url(OWNER)))


def prepare_broker(plan: Plan) -> None:
    """Virtual host, users, permissions, exchanges, queues and bindings."""
    keeper = ByApi(plan.rabbitmq_api, ADMIN.name, plan.broker[ADMIN.name])
    keeper.admit(definitions(plan.broker, plan.users()))
    log.info("broker users are there: %s", ", ".join(user.name for user in plan.users()))
    topology.apply(plan.admin_url(), plan.shards, plan.publishers)
    topology.hand_over(plan.database_url(CONSOLE), plan.shards, plan.publishers)
    log.info("declared %d shards; replies for %s", plan.shards, ", ".join(plan.publishers) or "nobody")
    known = outsiders.enrolled(plan.database_url("gateway"))
    outsiders.bring_in_line(keeper, plan.admin_url(), known)
    log.info("systems at the broker: %s", ", ".join(each.id for each in known if each.active) or "none")


def import_directory(plan: Plan, folder: Path) -> None:
    """Takes the directory files of a folder; raises SetupFailure if one of them was refused."""
    files, _ = gather([folder])
    if not files:
        log.info("no directory files in %s", folder)
        return
    with psycopg.connect(plan.database_url("dispatch"), connect_timeout=10) as tx:
        report = import_files(tx, [path for path, _ in files], who="setup")
    if not report.ok:
        raise SetupFailure(str(report))
    log.info("directory:\n%s", report)


def _reason(error: Exception) -> str:
    """What went wrong, in a line that holds no password."""
    if isinstance(error, urllib.error.HTTPError) and error.code == 401:
        return "the broker does not know the password of `admin` (it was set when its volume was made)"
    return str(error) if isinstance(error, SetupFailure) else f"{type(error).__name__} {error}".strip()


def main() -> int:
    """Sets up what the environment names; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.setup",
        description=__doc__,
        epilog=SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--restored", action="store_true", help="the database comes from a back-up")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    logging.getLogger("yoyo").setLevel(logging.WARNING)  # it tells every statement
    try:
        carry_out(read(os.environ), restored=arguments.restored)
    except (SetupFailure, OSError, psycopg.Error, *TROUBLE) as error:
        print(f"The setup is not done: {_reason(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
