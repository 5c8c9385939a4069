"""The test bed from a shell: `python3 -m testbed prepare` or `python3 -m testbed run -- COMMAND …`."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from testbed.base_image import jupyter_base, small_base
from testbed.conda_world import conda_world
from testbed.debian import unpacked
from testbed.engine import some_engine
from testbed.engine_programs import newer_programs
from testbed.process import ProgramError


def prepare() -> None:
    """Fetch and make what the tests need, so that they themselves take seconds.

    Raises:
        ProgramError: a part cannot be fetched or made.
    """
    prepare_images()
    small_base()
    with tempfile.TemporaryDirectory(prefix="tb-") as folder:
        newer_programs(Path(folder, "newer"))
        with some_engine(Path(folder, "usual")):
            pass


def prepare_images() -> None:
    """Fetch and make what images of the template are made of, and where they are kept.

    Raises:
        ProgramError: a part cannot be fetched or made.
    """
    unpacked("docker-registry")
    jupyter_base()
    conda_world()


def run_with_engine(command: Sequence[str]) -> int:
    """Run a command with a Docker engine that ends with it, and return its exit status."""
    with tempfile.TemporaryDirectory(prefix="tb-") as folder, some_engine(Path(folder)) as engine:
        return subprocess.run(list(command), check=False, env={**os.environ, **engine.environment}).returncode


def main() -> int:
    """Read the arguments, do what they say, and return the exit status."""
    parser = argparse.ArgumentParser(prog="testbed", description=__doc__)
    parser.add_argument("action", choices=("prepare", "run"))
    parser.add_argument("command", nargs="*", help="the command to run with an engine")
    arguments = parser.parse_args()
    try:
        if arguments.action == "run":
            return run_with_engine(arguments.command)
        prepare()
    except ProgramError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
