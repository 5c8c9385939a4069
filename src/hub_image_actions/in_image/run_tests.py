"""Run an image's tests inside the image: pytest for the modules, nbclient for the notebooks.

This file is mounted into the container and runs with the image's own Python (3.8 or newer), so that it
uses nothing but the standard library and what the tests need anyway.

    python3 run_tests.py CHECKOUT ROOT TESTS RESULTS

CHECKOUT holds the tests as they are in the repository; TESTS is where they should be below ROOT, the
repository's folder in the image. RESULTS gets the reports, and `problem.txt` where tests could not be run.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import site
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

PATTERNS = ("test_*.py", "*_test.py", "*.ipynb")
NOT_IN_IMAGE = 78
TESTS_FAILED = 1
NOT_RUN = 2
# The statuses of pytest that mean: all passed, some failed, interrupted by errors of collection, no tests.
REPORTED = (0, 1, 2, 5)
CELL_TIMEOUT = 600
EXTRA = Path(tempfile.gettempdir(), "hub-image-actions-packages")


class NotRunError(Exception):
    """The tests cannot be run, which is not the same as that they fail."""


def main() -> int:
    """Run all tests and return the exit status."""
    checkout, root, tests, results = map(Path, sys.argv[1:5])
    wanted = found(checkout)
    if not all((root / tests / path).is_file() for path in wanted):
        return NOT_IN_IMAGE
    try:
        passed = run(root / tests, root, wanted, results)
    except NotRunError as error:
        (results / "problem.txt").write_text(str(error), encoding="utf-8")
        print(error, flush=True)
        return NOT_RUN
    return 0 if passed else TESTS_FAILED


def found(folder: Path) -> list[Path]:
    """Return the test files in a folder, relative to it."""
    paths = sorted(path.relative_to(folder) for pattern in PATTERNS for path in folder.rglob(pattern))
    return [path for path in paths if not any(part.startswith(".") for part in path.parts)]


def run(tests: Path, root: Path, wanted: list[Path], results: Path) -> bool:
    """Run the tests; return whether all passed."""
    requirements = tests / "requirements.txt"
    if requirements.is_file():
        print(f"Installing what {requirements} asks for.", flush=True)
        install("-r", str(requirements))
    notebooks = [tests / path for path in wanted if path.suffix == ".ipynb"]
    passed = True
    if len(notebooks) < len(wanted):
        passed = run_modules(tests, root, results / "pytest.xml")
    if notebooks:
        passed = run_notebooks(notebooks, root, results / "notebooks.xml") and passed
    return passed


def install(*arguments: str) -> None:
    """Install what the tests need into this container, which nobody keeps."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # A virtual environment that belongs to another user takes nothing, not even for the user alone.
    if not (os.access(site.getsitepackages()[0], os.W_OK) or site.ENABLE_USER_SITE):
        command += ["--target", str(EXTRA)]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(EXTRA), os.environ.get("PYTHONPATH")]))
        sys.path.insert(0, str(EXTRA))
    done = subprocess.run(  # noqa: S603  # what the tests ask for
        [*command, *arguments], stderr=subprocess.PIPE, text=True, check=False
    )
    sys.stderr.write(done.stderr)
    importlib.invalidate_caches()
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        said = (errors or done.stderr.splitlines() or ["it did not say why"])[-1]
        raise NotRunError(f"pip could not install {arguments[-1]}: {said.replace('ERROR: ', '')}")


def need(*packages: str) -> None:
    """Install the packages that the image does not have."""
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if not missing:
        return
    lacking = f"The image lacks {' and '.join(missing)}, which its tests need"
    print(f"{lacking}: installing.", flush=True)
    try:
        install(*missing)
    except NotRunError as error:
        raise NotRunError(f"{lacking}. {error}") from None


def run_modules(tests: Path, root: Path, report: Path) -> bool:
    """Run pytest over the test modules; return whether all passed."""
    need("pytest")
    # xunit1 is the form that has the file and the line of each test.
    options = ["-o", "junit_family=xunit1", "-p", "no:cacheprovider", "--junitxml=" + str(report)]
    options += ["-v", "--tb=short", "--continue-on-collection-errors", "--rootdir", str(root)]
    command = [sys.executable, "-m", "pytest", *options, str(tests)]
    done = subprocess.run(command, check=False)  # noqa: S603  # fixed options
    if done.returncode < 0:
        raise NotRunError(f"pytest was killed by signal {-done.returncode} before it could report")
    if done.returncode not in REPORTED or not report.is_file():
        raise NotRunError(f"pytest could not run the tests (its status is {done.returncode})")
    return done.returncode in (0, 5)


def run_notebooks(notebooks: list[Path], root: Path, report: Path) -> bool:
    """Execute the notebooks, each in its own folder; return whether all ran through."""
    need("nbclient", "nbformat")
    suite = ElementTree.Element("testsuite", name="notebooks")
    for path in notebooks:
        name = str(path.relative_to(root))
        started = time.time()
        problem, text = execute(path)
        case = ElementTree.SubElement(suite, "testcase", classname="notebook", name=name, file=name)
        case.set("time", f"{time.time() - started:.3f}")
        print(f"{name} {'FAILED' if problem else 'PASSED'}", flush=True)
        if problem:
            print(text or problem, flush=True)
            failure = ElementTree.SubElement(case, "failure", message=printable(problem))
            failure.text = printable(text)
    ElementTree.ElementTree(suite).write(str(report), encoding="utf-8", xml_declaration=True)
    return not suite.findall(".//failure")


def execute(path: Path) -> tuple[str, str]:
    """Execute a notebook with the kernel that it names; return what went wrong, in a line and in full."""
    import nbclient  # type: ignore[import-not-found]  # the image has it
    import nbformat  # type: ignore[import-not-found]  # as above

    notebook = None
    try:
        notebook = nbformat.read(str(path), as_version=4)
        kernel = notebook.metadata.get("kernelspec", {}).get("name", "python3")
        resources = {"metadata": {"path": str(path.parent)}}
        nbclient.NotebookClient(
            notebook, timeout=CELL_TIMEOUT, kernel_name=kernel, resources=resources
        ).execute()
    except Exception as error:  # noqa: BLE001
        # Whatever a file or a kernel can do wrong is the test's result, and the next notebook is still run.
        text = without_colours(str(error))
        return explained(error, notebook, text), text or traceback.format_exc()
    return "", ""


def explained(error: Exception, notebook: Any, text: str) -> str:  # noqa: ANN401  # nbformat has no types here
    """Return in a line why a notebook could not be executed."""
    last = next(iter(reversed(text.strip().splitlines())), "")
    if notebook is None:
        return f"this is not a notebook: {last}"
    name = type(error).__name__
    if name == "CellExecutionError":
        return f"{failed_cell(notebook)}{last}"
    known = {
        "NoSuchKernel": f"the image has no such kernel, only {kernels()}: {last}",
        "CellTimeoutError": f"a cell ran for more than {CELL_TIMEOUT} seconds",
        "DeadKernelError": "the kernel died, most likely because it ran out of memory",
    }
    return known.get(name, f"{name}: {last}")


def kernels() -> str:
    """Return the names of the kernels that the image has."""
    from jupyter_client.kernelspec import (  # type: ignore[import-not-found]  # the image has it
        find_kernel_specs,
    )

    return ", ".join(sorted(find_kernel_specs())) or "none at all"


def failed_cell(notebook: Any) -> str:  # noqa: ANN401  # as above
    """Return which code cell failed, counted as Jupyter counts them when all are run."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(cells, 1):
        if any(output.output_type == "error" for output in cell.outputs):
            return f"code cell {number}: "
    return ""


def without_colours(text: str) -> str:
    """Return the text without the escapes with which IPython colours a traceback, and those of links."""
    return re.sub("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b\n]*(?:\x07|\x1b\\\\)", "", text)


def printable(text: str) -> str:
    """Return the text without the control characters that XML does not know."""
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)


if __name__ == "__main__":
    sys.exit(main())
