"""An image's own tests: where there are some, how they are run, and what is said when they cannot be."""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

from hub_image_actions.checks.image_tests import ImageTests, TestsNotRun
from hub_image_actions.checks.results import SuiteResults
from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import CommandError

REPORT = "<s><testcase name='a'/></s>"
FAILED = "<s><testcase name='a'><failure message='no'/></testcase></s>"
NOT_IN_IMAGE = CommandError("docker run", 78, "", "")


@dataclass
class Container:
    """An engine whose containers end one after the other as they are told, and leave what they are told."""

    ends: list[BaseException | None] = field(default_factory=lambda: [None])
    leaves: dict[str, str] = field(default_factory=lambda: {"pytest.xml": REPORT})
    commands: list[tuple[str, ...]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def stream(self, *arguments: str, timeout: float) -> list[str]:
        self.commands.append(arguments)
        if error := self.ends.pop(0):
            if not self.ends:
                self._leave(arguments)
            raise error
        self._leave(arguments)
        return []

    def _leave(self, arguments: tuple[str, ...]) -> None:
        mounted = next(word for word in arguments if word.endswith(":/opt/hub-image-actions/results"))
        for name, content in self.leaves.items():
            Path(mounted.partition(":")[0], name).write_text(content)

    def remove_container(self, name: str) -> None:
        self.removed.append(name)


@pytest.fixture
def tests(tmp_path: Path) -> ImageTests:
    """The tests of an image: none yet."""
    (tmp_path / "image-tests").mkdir()
    return ImageTests(tmp_path, "image-tests", "/srv/repo", 1000)


def run(tests: ImageTests, container: Container) -> SuiteResults:
    return tests.run(cast("Docker", container), "r.io/x:1", "tester")


def ended(status: int, stdout: str = "", stderr: str = "") -> CommandError:
    return CommandError("docker run", status, stdout, stderr)


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("test_a.py", True),
        ("a_test.py", True),
        ("more/of.ipynb", True),
        ("conftest.py", False),
        ("test_a.py.txt", False),
        (".ipynb_checkpoints/of.ipynb", False),
        ("README.md", False),
    ],
)
def test_tests_are_there_where_there_are_modules_or_notebooks(
    tests: ImageTests, path: str, *, there: bool
) -> None:
    (tests.folder / path).parent.mkdir(exist_ok=True)
    (tests.folder / path).touch()
    assert tests.there() is there


def test_without_their_folder_there_are_no_tests(tmp_path: Path) -> None:
    assert not ImageTests(tmp_path, "none", "/srv/repo", 1000).there()


def test_a_link_to_a_folder_with_the_name_of_a_test_is_no_test(tests: ImageTests) -> None:
    (tests.folder / "test_a.py").mkdir()
    assert not tests.there()


def test_tests_run_as_the_hubs_user_in_the_folder_of_the_image(tests: ImageTests) -> None:
    container = Container()
    assert str(run(tests, container)) == "1 passed"
    words = container.commands[0]
    options = dict(pairwise(words))
    assert (options["--user"], options["--workdir"]) == ("1000", "/srv/repo")
    assert f"{tests.folder}:/opt/hub-image-actions/checkout:ro" in words
    assert words[-3:-1] == ("/srv/repo", "image-tests")


def test_tests_that_are_not_in_the_image_are_mounted_to_where_they_would_be(tests: ImageTests) -> None:
    container = Container([NOT_IN_IMAGE, None])
    assert str(run(tests, container)) == "1 passed"
    mount = f"{tests.folder}:/srv/repo/image-tests:ro"
    assert [mount in words for words in container.commands] == [False, True]


def test_tests_that_failed_are_a_result_and_no_error(tests: ImageTests) -> None:
    results = run(tests, Container([ended(1)], {"pytest.xml": FAILED}))
    assert [case.message for case in results.failed] == ["no"]


@pytest.mark.parametrize(
    ("failure", "problem", "remedy"),
    [
        (ended(1, "a\nTraceback"), "could not be run: Traceback.", "Look at the end of the log."),
        (ended(137), "were killed, most likely because they ran out of memory.", "a runner with more memory"),
        (ended(127, "", "exec: python3: not found"), "not be run: exec: python3: not found.", "`python3`"),
        (ended(126, "/srv/start: Permission denied"), "/srv/start: Permission denied.", "--chmod=+x start"),
        (ended(2), "could not be run: `docker run` failed with status 2.", "Look at the end of the log."),
        (ended(-1, "PASSED", "not done within 9 seconds"), "be run: not done within 9 seconds.", "the log."),
    ],
)
def test_tests_that_cannot_be_run_say_why_and_what_to_do(
    tests: ImageTests, failure: CommandError, problem: str, remedy: str
) -> None:
    container = Container([failure])
    with pytest.raises(TestsNotRun) as raised:
        run(tests, container)
    assert problem in raised.value.problem
    assert remedy in raised.value.remedy
    assert container.removed == ["tester"]


def test_what_the_tests_themselves_say_of_the_reason_comes_first(tests: ImageTests) -> None:
    container = Container([ended(137, "Killed")], {"problem.txt": "pip could not install x.\n"})
    with pytest.raises(TestsNotRun) as raised:
        run(tests, container)
    assert raised.value.problem == "The image's tests could not be run. pip could not install x."
    assert raised.value.remedy.startswith("Put what the tests need into the image")


def test_interrupted_tests_leave_no_container(tests: ImageTests) -> None:
    container = Container([KeyboardInterrupt()])
    with pytest.raises(KeyboardInterrupt):
        run(tests, container)
    assert container.removed == ["tester"]
