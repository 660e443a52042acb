"""Lets servers run as an ordinary user even when we are root in a folder that only root may enter."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import LocalFailure

# Least first: the way to the folder is open; pass closed folders; what containers leave of that right.
CAPABILITIES = ((), ("dac_read_search",), ("dac_override",))


@dataclass(frozen=True)
class Account:
    """The system user a server runs as: a command prefix that becomes it, and the owner of its files."""

    prefix: tuple[str, ...] = ()
    uid: int = -1
    gid: int = -1

    def own(self, *paths: Path) -> None:
        """Hands files to this user; does nothing when it is ourselves."""
        for path in paths:
            os.chown(path, self.uid, self.gid)


def account_for(folder: Path, names: Sequence[str]) -> Account:
    """The user a server may run as, who gets the folder: ourselves, or for root the first known name."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() != 0:
        return Account()
    entry = _first_user(names)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    for capabilities in CAPABILITIES:
        prefix = _become(entry, capabilities)
        if subprocess.run([*prefix, "/usr/bin/test", "-w", folder], capture_output=True).returncode == 0:
            return Account(prefix, entry.pw_uid, entry.pw_gid)
    raise LocalFailure(
        f"User {entry.pw_name} cannot reach {folder}, and a server must not run as root. "
        "Put the project into a folder that other users can enter, or run as an ordinary user."
    )


def _first_user(names: Sequence[str]) -> pwd.struct_passwd:
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in (*names, "nobody") if name in known)


def _become(entry: pwd.struct_passwd, capabilities: Sequence[str]) -> tuple[str, ...]:
    setpriv = shutil.which("setpriv") or "/usr/bin/setpriv"
    user = (f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--no-new-privs")
    added = "".join(f",+{name}" for name in capabilities)
    # Without the bit access(2), which RabbitMQ asks about each file, looks past the capabilities.
    bits = ("--securebits=+no_setuid_fixup",) if capabilities else ()
    return (setpriv, *user, *bits, f"--inh-caps=-all{added}", f"--ambient-caps=-all{added}")
