"""One table of what was measured, and the same as JSON."""

import json
import platform
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Row = tuple[str, str]


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
        "python_ms": round(1000 * min(_python_seconds() for _ in range(5)), 1),
        "kernel": platform.release(),
    }


def _python_seconds() -> float:
    """CPU seconds of a fixed loop: builds of the same Python differ by a third, and so do machines."""
    begun, counts = time.process_time(), dict[tuple[str, int], int]()
    for number in range(500_000):
        key = ("key", number & 1023)
        counts[key] = counts.get(key, 0) + 1
    return time.process_time() - begun


def show(result: Mapping[str, Any]) -> str:
    """The table, a line a figure."""
    rows = [*_rates(result), *_latencies(result), *_growths(result), *_processes(result)]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def _rates(result: Mapping[str, Any]) -> Iterator[Row]:
    machine = "{cores} cores, {memory_gb} GB, {cpu}, Python {python} ({python_ms} ms a fixed loop)"
    yield "machine", machine.format(**result["machine"])
    syncs = "{p50} ms, p99 {p99}, longest {max}; {stalls_per_minute} a minute took over 50 ms"
    yield "a write to disk", syncs.format(**result["machine"]["sync_ms"])
    yield "floor", f"{result['floor_per_s']:.0f} tickets/s  ({result['floor_best']})"
    yield "loop", f"{result['loop_per_s']:.0f} tickets/s"
    yield "stock", f"{result['stock_per_s']:.1f} tickets/s"
    yield "loop / floor", f"{result['loop_over_floor']:.2f}"
    yield "loop / stock", f"{result['loop_over_stock']:.1f}"
    if http := result.get("gateway"):
        yield "POST /events", f"{http['events_per_s']} events/s"
        yield "a row by HTTP", f"{http['floor_per_s']} rows/s"
        yield "POST /events / a row", f"{http['ratio']:.2f}"
    for what, figure in result["cost_per_ticket"].items():
        yield f"a ticket, {what.replace('_', ' ')}", f"{figure}"


def _latencies(result: Mapping[str, Any]) -> Iterator[Row]:
    for rate, spans in result.get("latency_ms", {}).items():
        for what, span in spans.items():
            figures = ", ".join(f"{part} {ms}" for part, ms in span.items())
            yield f"latency at {rate}/s", f"{what}: {figures} ms"


def _growths(result: Mapping[str, Any]) -> Iterator[Row]:
    ratios = result["growth_over_empty"]
    for tickets, rate in result["growth"].items():
        beside = f", {ratios[tickets]:.2f} of an empty house beside it" if tickets in ratios else ""
        yield f"growth, {tickets} tickets", f"{rate:.0f} tickets/s{beside}"
    for assignees, ms in result.get("dispatch_growth", {}).items():
        yield f"dispatch, {assignees} assignees", f"{ms:.3f} ms a ticket"
    for assignees, ms in result.get("dispatch_database_ms", {}).items():
        yield f"dispatch, {assignees} assignees", f"{ms:.0f} ms of database time for a batch of 200"
    for consumers, step in result.get("scale", {}).items():
        spent = _listed({name: ms for name, ms in step["cpu_ms_per_ticket"].items() if ms})
        yield f"scale, {consumers} a service", f"{step['per_s']:.0f} tickets/s; CPU ms a ticket: {spent}"


def _processes(result: Mapping[str, Any]) -> Iterator[Row]:
    for service, figures in result.get("stages_us_per_event", {}).items():
        yield f"CPU µs an event, {service}", _listed(figures)
    for name, megabytes in result.get("memory_mb", {}).items():
        yield f"memory {name}", f"{megabytes:.0f} MB"
    for name, share in result.get("idle_percent", {}).items():
        yield f"idle CPU {name}", f"{share:.2f} %"


def _listed(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {figure}" for name, figure in figures.items())


def save(path: Path, result: Mapping[str, Any]) -> None:
    """Writes the result for scripts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False), encoding="utf-8")
