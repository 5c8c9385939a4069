"""Two ways to the same end, run in turn, and how their times compare."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parents[2]
# Actions run with the machine's Python, not with that of the tests' environment.
PYTHON = str(Path(sys.executable).resolve())
TIMEOUT = 600


class Timed(Protocol):
    """Something whose time is taken.

    Args:
        name: what to call it.
    """

    @property
    def name(self) -> str:
        """What to call it."""

    def seconds(self) -> float:
        """Run it once and return how long it took."""


@dataclass(frozen=True)
class Command:
    """A command to measure.

    Args:
        name: what to call it.
        arguments: the command line.
        folder: where it runs.
        environment: its environment.
        status: the exit status that shows that it did what is measured.
        output: what its output must hold, where the status alone does not show that.
    """

    name: str
    arguments: tuple[str | Path, ...]
    folder: Path
    environment: dict[str, str]
    status: int = 0
    output: str = ""

    def seconds(self) -> float:
        """Run it once and return how long it took.

        Raises:
            RuntimeError: it ended with another status, or did not say what it should.
        """
        begun = time.perf_counter()
        done = subprocess.run(
            self.arguments,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        taken = time.perf_counter() - begun
        if done.returncode != self.status or self.output not in done.stdout:
            raise RuntimeError(f"{self.name} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return taken


def compared(one: Timed, other: Timed, runs: int, promise: str = "") -> str:
    """Run two in turn, once in vain and then `runs` times, and return the ratio of their times.

    Args:
        one: whose time is divided.
        other: by whose.
        runs: how often each is counted.
        promise: what the ratio is to be.
    """
    one.seconds()
    other.seconds()
    pairs = [(one.seconds(), other.seconds()) for _ in range(runs)]
    ratios = [mine / yours for mine, yours in pairs]
    times = f"{statistics.median(ratios):.2f} times as long as {other.name}"
    promised = f" ({promise})" if promise else ""
    lines = [
        f"{one.name} takes {times}{promised}, {runs} runs",
        f"  ratio      {spread(ratios, '')}",
        f"  difference {spread([mine - yours for mine, yours in pairs], ' s')}",
        f"  {one.name}: {spread([mine for mine, _ in pairs], ' s')}",
        f"  {other.name}: {spread([yours for _, yours in pairs], ' s')}",
    ]
    return "\n".join(lines)


def spread(values: Sequence[float], unit: str) -> str:
    """Return median, minimum and maximum."""
    return f"median {statistics.median(values):.3f}{unit}, {min(values):.3f} to {max(values):.3f}{unit}"
