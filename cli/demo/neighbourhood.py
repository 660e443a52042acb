"""The directory that the demo plays in, as its simulated people know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.sheet import rows_of

FOLDER = Path(__file__).resolve().parents[2] / "directory"


@dataclass(frozen=True)
class Neighbourhood:
    """Grid cells by code (level, parent, name), and the categories of the catalogue."""

    cells: Mapping[str, tuple[str, str, str]]
    categories: tuple[str, ...]

    @property
    def homes(self) -> tuple[str, ...]:
        """The compounds and buildings: where requests come from."""
        return tuple(code for code, (level, _, _) in self.cells.items() if level in ("compound", "building"))

    def community(self, grid: str | None) -> str:
        """The name of the community that a cell lies in, or of the cell itself where it lies above one."""
        code = grid or ""
        while code in self.cells and self.cells[code][0] != "community" and self.cells[code][1] in self.cells:
            level, parent, _ = self.cells[code]
            if level in ("district", "subdistrict"):
                break
            code = parent
        return self.cells[code][2] if code in self.cells else code or "–"


def read(folder: Path = FOLDER) -> Neighbourhood:
    """The neighbourhood that a directory folder describes."""
    cells = {row["code"]: (row["level"], row["parent"], row["name"]) for row in rows_of(folder / "grids.csv")}
    return Neighbourhood(
        cells, tuple(dict.fromkeys(row["category"] for row in rows_of(folder / "catalogue.csv")))
    )
