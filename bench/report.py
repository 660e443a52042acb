"""One table of what was measured, and the same as JSON."""

import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    models = [
        line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")
    ]
    memory = Path("/proc/meminfo").read_text(encoding="utf-8").split(maxsplit=2)[1]
    return {
        "cores": len(models),
        "cpu": models[0] if models else platform.machine(),
        "memory_gb": round(int(memory) / 1024**2),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def show(result: Mapping[str, Any]) -> str:
    """The table, a line a figure."""
    rows = [
        ("machine", "{cores} cores, {memory_gb} GB, {cpu}".format(**result["machine"])),
        ("floor", f"{result['floor_per_s']:.0f} tickets/s  ({result['floor_best']})"),
        ("loop", f"{result['loop_per_s']:.0f} tickets/s"),
        ("stock", f"{result['stock_per_s']:.1f} tickets/s"),
        ("loop / floor", f"{result['loop_over_floor']:.2f}"),
        ("loop / stock", f"{result['loop_over_stock']:.1f}"),
    ]
    rows += [(f"a ticket, {what.replace('_', ' ')}", f"{n}") for what, n in result["cost_per_ticket"].items()]
    for rate, spans in result.get("latency_ms", {}).items():
        for what, span in spans.items():
            rows.append(
                (
                    f"latency at {rate}/s",
                    f"{what}: p50 {span['p50']}, p95 {span['p95']}, p99 {span['p99']} ms",
                )
            )
    rows += [
        (f"growth, {n} tickets", f"{rate:.0f} tickets/s") for n, rate in result.get("growth", {}).items()
    ]
    rows += [
        (f"dispatch, {n} assignees", f"{ms:.3f} ms a ticket")
        for n, ms in result.get("dispatch_growth", {}).items()
    ]
    for consumers, step in result.get("scale", {}).items():
        spent = ", ".join(
            f"{name} {seconds}" for name, seconds in step["cpu_ms_per_ticket"].items() if seconds
        )
        rows.append(
            (f"scale, {consumers} a service", f"{step['per_s']:.0f} tickets/s; CPU ms a ticket: {spent}")
        )
    rows += [(f"memory {name}", f"{mb:.0f} MB") for name, mb in result.get("memory_mb", {}).items()]
    rows += [(f"idle CPU {name}", f"{share:.2f} %") for name, share in result.get("idle_percent", {}).items()]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def save(path: Path, result: Mapping[str, Any]) -> None:
    """Writes the result for scripts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
