"""The script that runs an image's tests, as a process and in parts."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from hub_image_actions.in_image import run_tests
from hub_image_actions.in_image.run_tests import NotRunError, explained, failed_cell, found, printable

NO_NEWS = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}


@dataclass
class Image:
    """The folders that the script is given."""

    checkout: Path
    root: Path
    results: Path

    def test(self, name: str, content: str, *, in_image: bool = True) -> None:
        for folder in (self.checkout, self.root / "image-tests")[: 2 if in_image else 1]:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)

    def run(self) -> "subprocess.CompletedProcess[str]":
        arguments = [str(self.checkout), str(self.root), "image-tests", str(self.results)]
        command = [sys.executable, "-m", "hub_image_actions.in_image.run_tests", *arguments]
        source = str(Path(run_tests.__file__).parents[2])
        return subprocess.run(
            command, env={**NO_NEWS, "PYTHONPATH": source}, capture_output=True, text=True, check=False
        )

    def outcomes(self, report: str = "pytest.xml") -> dict[str, bool]:
        """Returns which tests of a report failed, by their names."""
        cases = ElementTree.parse(self.results / report).iter("testcase")  # noqa: S314  # our own
        return {case.get("name", ""): case.find("failure") is not None for case in cases}


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """An image with a repository and no tests."""
    for name in ("checkout", "repo", "results"):
        (tmp_path / name).mkdir()
    return Image(tmp_path / "checkout", tmp_path / "repo", tmp_path / "results")


@pytest.mark.parametrize(
    ("body", "status", "failed"), [("assert True", 0, False), ("assert 1 == 2", 1, True)]
)
def test_the_status_and_the_report_tell_whether_tests_passed(
    image: Image, body: str, status: int, *, failed: bool
) -> None:
    image.test("test_a.py", f"def test_one():\n    {body}\n")
    assert image.run().returncode == status
    assert image.outcomes() == {"test_one": failed}


def test_tests_that_the_image_does_not_have_are_not_run(image: Image) -> None:
    image.test("test_a.py", "def test_one(): pass\n", in_image=False)
    assert image.run().returncode == run_tests.NOT_IN_IMAGE
    assert list(image.results.iterdir()) == []


def test_modules_without_a_test_fail_nothing(image: Image) -> None:
    image.test("test_a.py", "# none yet\n")
    assert image.run().returncode == 0


def test_what_tests_ask_for_and_pip_does_not_get_is_told(image: Image) -> None:
    image.test("test_a.py", "def test_one(): pass\n")
    (image.root / "image-tests/requirements.txt").write_text("no-such-package-of-ours\n")
    assert image.run().returncode == run_tests.NOT_RUN
    problem = (image.results / "problem.txt").read_text()
    assert problem.startswith("pip could not install ")
    assert problem.endswith("No matching distribution found for no-such-package-of-ours")


def test_a_killed_pytest_did_not_run_the_tests(image: Image) -> None:
    image.test("test_a.py", "import os\ndef test_one(): os.kill(os.getpid(), 9)\n")
    assert image.run().returncode == run_tests.NOT_RUN
    assert (image.results / "problem.txt").read_text() == (
        "pytest was killed by signal 9 before it could report"
    )


def test_what_the_image_lacks_for_its_tests_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: str) -> None:
        raise NotRunError(f"pip could not install {arguments[-1]}: no network")

    monkeypatch.setattr(run_tests, "install", refuse)
    run_tests.need("json")
    with pytest.raises(NotRunError) as raised:
        run_tests.need("json", "no_such_one", "no_such_two")
    assert str(raised.value) == (
        "The image lacks no_such_one and no_such_two, which its tests need. "
        "pip could not install no_such_two: no network"
    )


def test_test_files_are_found_in_their_order_and_none_that_is_hidden(tmp_path: Path) -> None:
    for name in ("b_test.py", "a/test_x.py", "a/n.ipynb", "a/.ipynb_checkpoints/n.ipynb", "helper.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert sorted(map(str, found(tmp_path))) == ["a/n.ipynb", "a/test_x.py", "b_test.py"]


class CellExecutionError(Exception):
    """As that of nbclient is called."""


class CellTimeoutError(Exception):
    """As above."""


class DeadKernelError(Exception):
    """As above."""


def notebook(*outputs: tuple[str, ...]) -> SimpleNamespace:
    """Returns a notebook with a text, and a code cell for each of these lists of outputs."""
    cells = [SimpleNamespace(cell_type="markdown")]
    cells += [
        SimpleNamespace(cell_type="code", outputs=[SimpleNamespace(output_type=kind) for kind in kinds])
        for kinds in outputs
    ]
    return SimpleNamespace(cells=cells)


@pytest.mark.parametrize(
    ("error", "text", "told"),
    [
        (CellExecutionError(), "Traceback\nNameError: x\n", "code cell 2: NameError: x"),
        (CellTimeoutError(), "", "a cell ran for more than 600 seconds"),
        (DeadKernelError(), "", "the kernel died, most likely because it ran out of memory"),
        (ValueError(), "odd", "ValueError: odd"),
        (ValueError(), "", "ValueError: "),
    ],
)
def test_a_notebook_that_fails_says_why_in_a_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, text: str, told: str
) -> None:
    monkeypatch.setattr(run_tests, "kernels", lambda: "none at all")
    assert explained(error, notebook(("stream",), ("stream", "error"), ()), text) == told


def test_a_file_that_is_no_notebook_is_said_to_be_none() -> None:
    assert explained(ValueError("x"), None, "Not JSON: x") == "this is not a notebook: Not JSON: x"


def test_no_cell_failed_where_none_has_an_error() -> None:
    assert failed_cell(notebook(("stream",), ())) == ""


@pytest.mark.parametrize("result", [("", ""), ("it fails\x00", "\x1bTraceback")])
def test_notebooks_get_a_report_whatever_they_say(
    monkeypatch: pytest.MonkeyPatch, image: Image, result: tuple[str, str]
) -> None:
    monkeypatch.setattr(run_tests, "need", lambda *_: None)
    monkeypatch.setattr(run_tests, "execute", lambda _: result)
    report = image.results / "notebooks.xml"
    passed = run_tests.run_notebooks([image.root / "image-tests/n.ipynb"], image.root, report)
    assert passed is not bool(result[0])
    assert image.outcomes("notebooks.xml") == {"image-tests/n.ipynb": bool(result[0])}


def test_what_xml_does_not_know_is_a_question_mark() -> None:
    assert printable("a\x00b\tc\ud800\uffff😀") == "a?b\tc??😀"


def test_colours_are_taken_out() -> None:
    assert run_tests.without_colours("\x1b[0;31mNameError\x1b[0m: x\x1b[K") == "NameError: x"
    assert run_tests.without_colours("see \x1b]8;;https://docs.example\x1b\\here\x1b]8;;\x07") == "see here"
