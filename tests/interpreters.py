"""The Python interpreters on this machine that the actions promise to run on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from testbed.newest_python import VERSION, newest_python

NAMES = [f"python3.{minor}" for minor in range(10, 15)]


def pyenv_root() -> Path | None:
    """Returns pyenv's folder, if this machine has pyenv."""
    named = os.environ.get("PYENV_ROOT")
    if named or not shutil.which("pyenv"):
        return Path(named) if named else None
    return Path(subprocess.run(["pyenv", "root"], check=True, capture_output=True, text=True).stdout.strip())


def candidates() -> Iterator[Path]:
    """Yields what could be an interpreter: the running one first, then by name on PATH, then pyenv's."""
    yield Path(sys.executable)
    shims = pyenv_root()
    for name in NAMES:
        # pyenv's shims exist for versions that are not switched on, and then fail.
        found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin" if shims else None)
        if found:
            yield Path(found)
        if shims:
            yield from sorted(shims.glob(f"versions/{name.removeprefix('python')}.*/bin/{name}"))


def interpreters() -> dict[str, Path]:
    """Returns one interpreter for each version from 3.10 on, by its version, the newest always."""
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    found: dict[str, Path] = {}
    for path in candidates():
        version = running if path == Path(sys.executable) else path.name.removeprefix("python")
        found.setdefault(version, path)
    if VERSION not in found:
        found[VERSION] = newest_python()
    return found


def oldest_and_newest() -> tuple[Path, Path]:
    """Returns the oldest and the newest interpreter that can make an environment with pip in it."""
    known = sorted(interpreters().items(), key=lambda named: int(named[0].partition(".")[2]))
    command = ["-I", "-c", "import ensurepip"]
    able = [
        path
        for _, path in known
        if subprocess.run([path, *command], check=False, capture_output=True).returncode == 0
    ]
    return able[0], able[-1]
