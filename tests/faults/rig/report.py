"""What the accidents came to: one row each, as a table and as JSON."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from tests.faults.oracle import Verdict


@dataclass(frozen=True)
class Row:
    """One accident's outcome; counts and seconds."""

    number: str
    accident: str
    inputs: int
    lost: int
    doubled: int
    reordered: int
    stuck: int
    parked: int
    recover_s: float
    passed: bool

    @classmethod
    def of(cls, accident: tuple[str, str], verdict: Verdict, passed: bool) -> Self:
        """The row of a verdict; a test that ended before its verdict has not passed."""
        return cls(
            *accident, verdict.inputs, len(verdict.lost), len(verdict.doubled), len(verdict.reordered),
            verdict.stuck, verdict.parked, verdict.recover_s,
            passed and verdict.passed and verdict.inputs > 0,
        )  # fmt: skip


@dataclass
class Report:
    """The rows of a run."""

    rows: list[Row] = field(default_factory=list)

    def sorted(self) -> list[Row]:
        """By number of the accident."""
        return sorted(self.rows, key=lambda row: (int(row.number), row.accident))

    def table(self) -> str:
        """Rows in columns, and how many accidents passed."""
        titles = ("inputs", "lost", "doubled", "reordered", "stuck", "parked", "recover s")
        lines = [f"{'#':>2}  {'accident':<52}" + "".join(f"{title:>10}" for title in titles)]
        for row in self.sorted():
            said = row.accident.replace("_", " ")
            figures = (row.inputs, row.lost, row.doubled, row.reordered, row.stuck, row.parked, row.recover_s)
            end = "passed" if row.passed else "FAILED"
            lines.append(f"{row.number:>2}  {said:<52}" + "".join(f"{n:>10}" for n in figures) + f"  {end}")
        numbers = {row.number for row in self.rows}
        failed = {row.number for row in self.rows if not row.passed}
        return "\n".join([*lines, f"{len(numbers - failed)} of {len(numbers)} accidents passed"])

    def save(self, path: Path) -> None:
        """Writes the rows as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([asdict(row) for row in self.sorted()], indent=1) + "\n", encoding="utf-8")
