"""Runs each piece of work in a process of its own and writes ours beside the bare engine's figure.

A bench is a pair of entry points `module:function`. Each takes no argument, does its set-up, calls
`measure()` of this module around the work itself, and prints nothing. Ours and bare run in separate
processes, in alternating order, the same number of times; the best run of each counts, so that no
cache is warm on one side only. What else an entry point found out (queries, rates) it says with
`note()`; the notes of our best run are appended to `work`.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = "tests.bench.settings"
_samples: list[tuple[float, float]] = []
_notes: list[str] = []


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one side: wall seconds, peak resident MB, notes."""

    seconds: float
    memory: float
    notes: tuple[str, ...] = ()


def say(text: str) -> None:
    """Write a line to standard output at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def scale(full: int, *, least: int = 1) -> int:
    """Return `full` shrunk by BENCH_SCALE (a number up to 1; default: the full size)."""
    return max(least, round(full * float(os.environ.get("BENCH_SCALE") or 1)))


def note(text: str) -> None:
    """Keep a finding of this run for the row's `work`."""
    _notes.append(text)


@dataclass(frozen=True, slots=True)
class Bench:
    """name: stable id; work: what is done; seed: entry point that fills the database, run once for all that name it."""

    name: str
    work: str
    ours: str
    bare: str
    seed: str
    repeats: int = 3


@dataclass(frozen=True, slots=True)
class Result:
    """One row of results.json. ratio = ours / bare; peak_mb: of our process."""

    name: str
    work: str
    ours: float
    bare: float
    ratio: float
    unit: str
    peak_mb: float


@contextmanager
def measure() -> Iterator[None]:
    """Time the block; called exactly once by an entry point."""
    start = time.perf_counter()
    yield
    _samples.append((time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def run(bench: Bench) -> Result:
    """Measure one bench; raises RuntimeError with the child's output when a side fails."""
    ours: list[Sample] = []
    bare: list[Sample] = []
    for turn in range(int(os.environ.get("BENCH_REPEATS") or bench.repeats)):
        sides = [(bench.ours, ours), (bench.bare, bare)]
        for entry, samples in sides if turn % 2 == 0 else reversed(sides):
            samples.append(child(entry))
    best = min(ours, key=lambda sample: sample.seconds)
    base = min(sample.seconds for sample in bare)
    return Result(
        name=bench.name,
        work="; ".join([bench.work, *best.notes]),
        ours=round(best.seconds, 4),
        bare=round(base, 4),
        ratio=round(best.seconds / base, 2),
        unit="s",
        peak_mb=round(max(sample.memory for sample in ours), 1),
    )


def child(entry: str) -> Sample:
    """Run one entry point in a fresh process. Raises RuntimeError with its output when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.harness", entry],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{entry} failed:\n{done.stdout}\n{done.stderr}")
    seconds, memory, notes = json.loads(done.stdout.splitlines()[-1])
    return Sample(float(seconds), float(memory), tuple(notes))


def write(results: list[Result], target: Path) -> None:
    """Write results.json and print the table."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps([asdict(r) for r in results], ensure_ascii=False, indent=1), encoding="utf-8")
    say(f"{'name':<28}{'ours s':>10}{'bare s':>10}{'ratio':>8}{'peak MB':>10}  work")
    for r in results:
        say(f"{r.name:<28}{r.ours:>10.3f}{r.bare:>10.3f}{r.ratio:>8.2f}{r.peak_mb:>10.0f}  {r.work}")


def main(entry: str) -> None:
    """Child process: run one entry point and print its seconds, peak memory and notes as JSON."""
    django.setup()
    module, _, name = entry.partition(":")
    # The running module is __main__; entry points import it by its real name.
    harness = importlib.import_module("tests.bench.harness")
    getattr(importlib.import_module(module), name)()
    say(json.dumps([*(harness._samples or [(0, 0)])[-1], harness._notes]))


if __name__ == "__main__":
    main(sys.argv[1])
