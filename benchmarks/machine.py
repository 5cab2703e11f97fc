"""What a figure was measured on, what a process needed, and how a child process is run and tells its figures."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

MIB = 1024 * 1024


def machine(*packages: str) -> str:
    """One line: cores, memory, system, and the versions of Python and of packages that are installed."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1024 * MIB)
    load = os.getloadavg()[0]
    found = [f"{os.cpu_count()} cores", f"{memory} GiB", f"{platform.system()} {platform.machine()}"]
    found.append(f"Python {platform.python_version()}")
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join([*found, f"load before {load:.1f}"])


def forget_peak() -> None:
    """Lets `peak` begin anew, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak() -> int:
    """The most memory that this process has held since `forget_peak`, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what the work gave."""
    before = time.perf_counter()
    found = work()
    return time.perf_counter() - before, found


def child(module: str, *arguments: str, python: str = sys.executable) -> dict[str, Any]:
    """Runs a module in a process of its own; the last line of its output is its figures.

    Raises:
        SystemExit: it failed; what it said goes to stderr.
    """
    command = [python, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise SystemExit(f"`{' '.join(command)}` ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def run_python(*arguments: str) -> None:
    """A process of Python as everybody runs it, with modules that are kept compiled, and without what it prints.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet = subprocess.DEVNULL
    subprocess.run([sys.executable, *arguments], check=True, stdout=quiet, stderr=quiet, env=kept)


def seconds_of(repeats: int, *arguments: str) -> float:
    """The median time of a process of Python, after one that compiles its modules."""
    run_python(*arguments)
    return median(timed(lambda: run_python(*arguments))[0] for _ in range(repeats))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
