"""What is found: something that will be refused, or something that hardly anybody means."""

from typing import Literal

from msgspec import Struct


class Finding(Struct, frozen=True, kw_only=True):
    """One thing about one message; `where` is its file and line, `pointer` the member (RFC 6901)."""

    where: str
    level: Literal["error", "warning"]
    problem: str
    detail: str
    pointer: str = ""

    def __str__(self) -> str:
        at = f"{self.pointer}: " if self.pointer and not self.detail.startswith(self.pointer) else ""
        return f"{self.where}: {self.level}: {self.problem}: {at}{self.detail}"


class Step(Struct, frozen=True, kw_only=True):
    """One thing that was tried against a running Fengge, and what came instead of what should have (None)."""

    name: str
    failure: str | None = None

    def __str__(self) -> str:
        return f"ok      {self.name}" if self.failure is None else f"FAILED  {self.name}: {self.failure}"
