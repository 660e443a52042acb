"""A private PostgreSQL: its cluster, its settings, its start and its stop."""

import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psycopg

from deploy.local import LocalFailure, daemon
from deploy.local.accounts import SUPERUSER
from deploy.local.binaries import PostgresPrograms
from deploy.local.ready import await_ready
from deploy.local.records import write_private
from deploy.local.unprivileged import Account

SOCKET_PATH_LIMIT = 107  # bytes in sockaddr_un; a longer path cannot be bound
START_SECONDS = 60
# Fast shutdown first (cuts sessions, writes data), then the one that leaves recovery to the next start.
STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
# Bytewise: keys are compared in place, where C.UTF-8 asks the C library each time (PostgreSQL 15).
LOCALE = ("--encoding=UTF8", "--locale=C.UTF-8", "--lc-collate=C")
CLUSTER = (f"--username={SUPERUSER}", "--auth=scram-sha-256", *LOCALE, "-k")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}

# Nobody gets in without a password, not even over the socket.
ACCESS = f"""\
local all all scram-sha-256
{{host}} all all 127.0.0.1/32 scram-sha-256
{{host}} replication {SUPERUSER} 127.0.0.1/32 scram-sha-256
"""
SECURED = """\
ssl = on
ssl_cert_file = '{folder}/tls/server.pem'
ssl_key_file = '{folder}/tls/server.key'
"""

# For a small machine shared with the services. Durability stays on: the ledger is what Fengge promises with.
SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{socket_folder}'
hba_file = '{folder}/pg_hba.conf'
max_connections = 200
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 8MB
maintenance_work_mem = 64MB
fsync = on
synchronous_commit = on
full_page_writes = on
max_wal_size = 2GB
min_wal_size = 1GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
random_page_cost = 1.1
jit = off
default_toast_compression = lz4
autovacuum_naptime = 30s
autovacuum_vacuum_cost_limit = 60
autovacuum_vacuum_scale_factor = 0.05
autovacuum_analyze_scale_factor = 0.1
default_statistics_target = 30
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u '
log_error_verbosity = terse  # DETAIL quotes rows, and rows may be about people
"""


def launch(
    folder: Path,
    programs: PostgresPrograms,
    account: Account,
    port: int,
    password: str,
    *,
    secured: bool = False,
) -> None:
    """Starts PostgreSQL in a folder that `account` owns, creating the cluster first; does not wait for it."""
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _create_cluster(data, programs, account, password)
    _write_settings(folder, account, port, secured)
    _forget_dead_postmaster(data)
    argv = [
        *account.prefix,
        str(programs.postgres),
        "-D",
        str(data),
        "-c",
        f"config_file={folder}/postgresql.conf",
    ]
    daemon.spawn(argv, ENVIRONMENT, folder / "log", folder / "pid")


def wait(folder: Path, url: str) -> None:
    """Returns once PostgreSQL lets in the user of this URL."""
    await_ready("PostgreSQL", folder / "pid", folder / "log", START_SECONDS, lambda: _answers(url))


def stop(folder: Path) -> None:
    """Stops PostgreSQL if it runs in this folder."""
    daemon.end(folder / "pid", STOP)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_cluster(data: Path, programs: PostgresPrograms, account: Account, password: str) -> None:
    draft = data.with_name("data.new")  # a killed initdb leaves a folder that is neither empty nor whole
    subprocess.run(["rm", "-rf", draft], check=True)
    draft.mkdir(mode=0o700)
    password_file = data.with_name("superuser")
    write_private(password_file, password)
    account.own(draft, password_file)
    argv = [*account.prefix, str(programs.initdb), "-D", str(draft), *CLUSTER, f"--pwfile={password_file}"]
    done = subprocess.run(argv, env=ENVIRONMENT, capture_output=True, text=True)
    password_file.unlink()
    if done.returncode != 0:
        raise LocalFailure(f"PostgreSQL could not create its cluster in {data}:\n{done.stderr.strip()}")
    draft.rename(data)


def _write_settings(folder: Path, account: Account, port: int, secured: bool) -> None:
    fits = len(f"{folder}/.s.PGSQL.{port}".encode()) < SOCKET_PATH_LIMIT
    values: Mapping[str, object] = {"port": port, "folder": folder, "socket_folder": folder if fits else ""}
    access = ACCESS.format(host="hostssl" if secured else "host")
    settings = SETTINGS + (SECURED if secured else "")
    files = {folder / "postgresql.conf": settings.format_map(values), folder / "pg_hba.conf": access}
    for path, text in files.items():
        write_private(path, text)
        account.own(path)


def _forget_dead_postmaster(data: Path) -> None:
    """Removes the lock of a killed server whose id a stranger has now; it would look like a rival."""
    lock = data / "postmaster.pid"
    if lock.exists() and _is_stranger(int(lock.read_text().splitlines()[0]), data):
        lock.unlink()


def _is_stranger(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() != data
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False  # dead, or another user's: PostgreSQL itself sees through both
