"""A house is backed up under load, lost, and restored elsewhere: with what publishers hold, it adds up."""

import shutil
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg
import pytest

from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.publisher import Publisher
from contracts.registry import LEDGERS, SCHEMAS
from deploy.local import LocalFailure, backup, restore
from deploy.local.accounts import OWNER
from deploy.local.backup import Manifest
from tests.faults.rig.drill import Drill
from tests.faults.rig.house import House, opened
from tests.faults.rig.load import Load
from tests.integration.process import until

REQUESTS = 60
"""Before the back-up and again after it."""
UNHEARD = """
SELECT count(*) FROM ticket.ticket WHERE NOT EXISTS (
    SELECT FROM dispatch.position WHERE position.partitionkey = ticket.id)
"""
UNSENT = "SELECT count(*) FROM ticket.outbox WHERE sent_at IS NULL"


class Kept(Load):
    """The generator, which keeps what it has sent, as a publisher does for a while."""

    sent: list[CloudEvent[Event]]

    def publish(self, publisher: Publisher, events: Sequence[CloudEvent[Event]]) -> None:
        """Sends and keeps."""
        self.sent.extend(events)
        super().publish(publisher, events)


class Again(Load):
    """The same people after the restore: who is asked again answers again, and that is another event."""

    def replay(self, earlier: Kept) -> None:
        """Sends all that was sent before, with the same ids, and answers whoever asks."""
        self.tickets, self._mine = earlier.tickets, earlier._mine
        self._asking = self._run(lambda: self._replay(earlier.sent))
        self._run(self._answer_until_enough)

    def _replay(self, events: Sequence[CloudEvent[Event]]) -> None:
        with self._publisher() as publisher:
            self.publish(publisher, events)

    def _answers(self, publisher: Publisher, body: bytes) -> Iterable[CloudEvent[Event]]:
        for said in super()._answers(publisher, body):
            yield publisher.enveloped(said.data, f"{said.id}.again", said.time)


def live_and_be_backed_up(house: House, folder: Path, to: Path) -> tuple[Kept, Manifest]:
    """A house at work: what ticket has published while dispatch was frozen lies in a queue at the back-up."""
    drill = Drill(house, folder)
    load = Kept(drill.outside, drill.record, "kept")
    load.sent = []
    drill.load = load
    try:
        drill.submit(REQUESTS, rate=40)
        drill.flows(10)
        dispatch = house.processes["dispatch"].popen
        dispatch.send_signal(signal.SIGSTOP)
        until(lambda: asked(house, UNHEARD) > 0)
        until(lambda: load.asked and asked(house, UNSENT) == 0)
        manifest = backup.back_up(house.run, to)
        dispatch.send_signal(signal.SIGCONT)
        drill.submit(REQUESTS, rate=40)
        drill.flows(REQUESTS // 2)
        until(lambda: load.asked)
    finally:
        drill.close()
    return load, manifest


def asked(house: House, query: str) -> int:
    """A number that the database knows."""
    with psycopg.connect(house.endpoints.database_url(OWNER)) as tx:
        row = tx.execute(query).fetchone()
        assert row is not None
        return int(row[0])


def judge_with_what_publishers_hold(house: House, folder: Path, earlier: Kept) -> None:
    """Everything ever confirmed is sent again; then all conditions hold, but for letters sent again."""
    drill = Drill(house, folder)
    drill._since = dict.fromkeys(LEDGERS, 0)
    load = drill.load = Again(drill.outside, drill.record, "kept")
    try:
        load.replay(earlier)
        drill.healed()
        drill.judge(within=60, repeated_letters=2 * REQUESTS)
    finally:
        drill.close()


def test_nothing_is_lost_or_doubled_by_a_restore(servers_run: Path, tmp_path: Path) -> None:
    lost, found, kept = servers_run / "lost", servers_run / "found", tmp_path / "backup"
    with opened(lost) as house:
        load, manifest = live_and_be_backed_up(house, tmp_path, kept)
    assert manifest.migrations.keys() == set(SCHEMAS)
    key = kept / "vault.keys"
    key.rename(tmp_path / "apart")
    with pytest.raises(LocalFailure, match=f"lacks vault.keys with the keys {manifest.vault_keys[0]}"):
        restore.restore(found, kept, force=True)
    (tmp_path / "apart").rename(key)
    found.mkdir()
    (found / "secrets.json").write_text("{}")  # somebody lives here
    with pytest.raises(LocalFailure, match="holds a house already"):
        restore.restore(found, kept)
    done = restore.restore(found, kept, force=True)
    assert done.resent["facts"]["ticket"] > 0
    assert done.set_aside
    shutil.copytree(lost / "mail", found / "mail")  # what people have in their hands
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(tmp_path / "accepted.jsonl", again)
    with opened(found) as house:
        with pytest.raises(LocalFailure, match="runs in"):
            restore.restore(found, kept, force=True)
        assert asked(house, "SELECT count(*) FROM ticket.ticket") < 2 * REQUESTS
        judge_with_what_publishers_hold(house, again, load)
        assert asked(house, "SELECT count(*) FROM ticket.contact WHERE key IS NULL") == 0
    assert (found / "vault.keys").read_text() == key.read_text()
    restore.restore(found, Path(done.set_aside), force=True)
    assert (found / "secrets.json").read_text() == "{}"
    with next((kept / "postgres" / "base").rglob("[1-9]*_vm")).open("ab") as file:
        file.write(b"!")
    with pytest.raises(LocalFailure, match="is damaged"):
        restore.restore(servers_run / "nobody", kept)


def test_what_is_no_backup_is_refused(servers_run: Path, tmp_path: Path) -> None:
    with pytest.raises(LocalFailure, match="is no back-up"):
        restore.restore(servers_run / "nobody", tmp_path)
