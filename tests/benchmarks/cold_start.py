"""How long an action takes until it refuses its inputs: its start, its libraries and the check alone."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measurement import PYTHON, ROOT, Command, compared

MODULES = ROOT / "tests" / "node_modules"
ACTION = "actions/bump-datahub-tag"
SCRIPT = Path(__file__).with_name("inputs_check.mjs")


@dataclass(frozen=True)
class NewCheckout:
    """Our action as a machine runs it that has just downloaded it: no module is compiled yet.

    Args:
        name: what to call it.
        folder: where the checkouts are made.
    """

    name: str
    folder: Path

    def seconds(self) -> float:
        """Make a checkout, and return how long the action takes there."""
        with TemporaryDirectory(dir=self.folder) as name:
            for part in ("src", ACTION):
                shutil.copytree(ROOT / part, Path(name, part), ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / "dependencies.zip", name)
            return our_action(Path(name)).seconds()


def cold_start(runs: int) -> str:
    """Compare with an installation of the action's libraries, and with an action in JavaScript."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        checkout = NewCheckout("main.py in a new checkout", folder)
        pip, node = pip_install(folder), javascript_action(folder)
        return "\n".join(
            (
                compared(pip, checkout, runs or 3, "at least 10"),
                compared(checkout, node, runs or 15),
                compared(our_action(ROOT), node, runs or 15),
            )
        )


def pip_install(folder: Path) -> Command:
    """Return an installation of the action's libraries, as an action without an archive of them begins."""
    install = (
        '"$0" -m venv --clear "$1" && "$1/bin/python" -m pip install --quiet '
        '--disable-pip-version-check --no-deps --require-hashes -r "$2"'
    )
    lock = ROOT / "requirements/runtime.txt"
    command = ("sh", "-c", install, PYTHON, folder / "environment", lock)
    return Command("venv and pip install", command, ROOT, dict(os.environ))


def javascript_action(folder: Path) -> Command:
    """Return an action in JavaScript, bundled as they are: one file, with toolkit and Octokit in it."""
    node, bundled = shutil.which("node") or "node", bundle(folder)
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    name = f"a JavaScript action (Node {version.strip()}, {bundled.stat().st_size // 1000:,} kB by esbuild)"
    return Command(name, (node, bundled), ROOT, inputs(), status=1, output="::error::tag:")


def bundle(folder: Path) -> Path:
    """Bundle the action in JavaScript with the libraries that it imports, and return the file."""
    # Imports are looked up beside the file and above it.
    (folder / "node_modules").symlink_to(MODULES)
    source, bundled = folder / SCRIPT.name, folder / "index.cjs"
    shutil.copyfile(SCRIPT, source)
    options = ["--bundle", "--platform=node", "--format=cjs", "--log-level=warning", f"--outfile={bundled}"]
    subprocess.run([MODULES / ".bin" / "esbuild", source, *options], cwd=folder, check=True)
    return bundled


def our_action(checkout: Path) -> Command:
    """Return our action in a checkout, started as its action.yml does."""
    start = f'exec "{PYTHON}" -I -S "{checkout}/{ACTION}/main.py"'
    shell = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", start)
    return Command("main.py run before", shell, checkout, inputs(), status=1, output="::error::Input `tag`: ")


def inputs() -> dict[str, str]:
    """Return the environment of an action one of whose inputs is wrong."""
    given = {"INPUT_IMAGE": "registry.example/project/image", "INPUT_TAG": "no tag", "INPUT_TOKEN": "x"}
    return {"PATH": os.environ["PATH"], "GITHUB_ACTIONS": "true", **given}
