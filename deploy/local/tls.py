"""A certificate authority for one run folder, and a certificate for its servers, made with openssl."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local import LocalFailure
from deploy.local.unprivileged import Account

HOST = "localhost"
"""The one name the certificates are for."""
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
AUTHORITY = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
SERVER = """\
subjectAltName = DNS:{name}
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
"""


def chosen(run: Path, environ: Mapping[str, str]) -> Path | None:
    """The authority's certificate where TLS is on: since TLS=1 was said once, until TLS=0 is."""
    if environ.get("TLS") == "0":
        shutil.rmtree(run / "tls", ignore_errors=True)
    wanted = environ.get("TLS") == "1" or (run / "tls" / "server.pem").exists()
    return authority(run) if wanted else None


def authority(run: Path, name: str = HOST) -> Path:
    """The certificate of the run folder's authority, which has signed one for `name`; made at first use."""
    folder = run / "tls"
    if not (folder / "server.pem").exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _issue(folder, name)
    folder.chmod(0o711)  # servers under another account read the authority's certificate here
    (folder / "ca.pem").chmod(0o644)
    return folder / "ca.pem"


def hand_out(ca: Path, server: Path, account: Account) -> None:
    """Gives a server its own copy of certificate and key, which nobody else can read."""
    folder = server / "tls"
    folder.mkdir(exist_ok=True, mode=0o700)
    copies = [
        Path(shutil.copy(ca.with_name(name), folder)) for name in ("ca.pem", "server.pem", "server.key")
    ]
    for copy in copies:
        copy.chmod(0o600)
    account.own(folder, *copies)


def _issue(folder: Path, name: str) -> None:
    extensions = [word for extension in AUTHORITY for word in ("-addext", extension)]
    _openssl(folder, "req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650",
             "-subj", f"/CN=Fengge in {folder.parent.name}", *extensions)  # fmt: skip
    _openssl(folder, "req", *KEY, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={name}")
    (folder / "server.ext").write_text(SERVER.format(name=name))
    _openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", "825", "-extfile", "server.ext", "-out", "server.pem")  # fmt: skip


def _openssl(folder: Path, *words: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise LocalFailure("TLS=1 needs the program openssl to make certificates: apt-get install openssl")
    done = subprocess.run(
        [program, *words], cwd=folder, capture_output=True, text=True, umask=0o077, env={**os.environ}
    )
    if done.returncode != 0:
        raise LocalFailure(f"openssl {words[0]} failed: {done.stderr.strip()[-500:]}")
