"""The pages about alerts: what they say in which part, and their commands, run as they stand."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from contracts.intake import RequestSubmitted
from contracts.publisher import INSIDE, Publisher

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "runbooks" / "alerts"
PARTS = {
    "residents": "对居民意味着什么 · What it means to residents",
    "check": "查看 · Check",
    "mend": "处理 · Mend",
    "verify": "验证 · Verify",
}
BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)
(PREPARATION,) = BLOCK.findall((FOLDER / "README.md").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Page:
    """One page by its parts."""

    name: str
    parts: dict[str, str]

    def commands(self, part: str) -> str:
        """What stands in the fenced block of a part."""
        return "".join(BLOCK.findall(self.parts[part]))


def page(name: str) -> Page:
    """The page of an alert; fails where a part is missing or misplaced."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert titles == list(PARTS.values()), name
    return Page(name, dict(zip(PARTS, re.split(r"^## .*$", text, flags=re.MULTILINE)[1:], strict=True)))


def run(commands: str, house: Path, **named: str) -> subprocess.CompletedProcess[str]:
    """What bash makes of commands after the preparation, line by line, up to the first that is wrong."""
    environ = {**os.environ, "FENGGE_RUN": str(house), "PYTHONPATH": str(ROOT), **named}
    argv = ["bash", "-c", f"{PREPARATION}\nset -eu\n{commands}"]
    return subprocess.run(argv, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=300)


def ask(broker: str) -> None:
    """A resident asks for something; the broker has it when this returns."""
    with Publisher(broker, source="urn:test:runbooks", exchange=INSIDE) as publisher:
        publisher.submit(
            RequestSubmitted(
                external_id=str(uuid4()), channel="hotline_12345", title="路灯不亮",
                category="street_lighting", grid="99010100100101",
            )
        )  # fmt: skip
