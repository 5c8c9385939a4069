"""Pull requests of those who may not write: a fork's, honest or not, and Dependabot's, with its comment."""

import json

import pytest

from hostile import assert_harmless
from hub_image_actions.build.report import BuildReport
from hub_image_actions.build.report_file import FILE, write_report
from local_github.pulls import Pull
from workflows.act import Run
from workflows.conftest import NewWorld
from workflows.image_repository import DEPENDABOT, PUBLIC_HUB, ImageRepository, Setup

pytestmark = pytest.mark.timeout(900)
TESTS = {"image-tests/test_python.py": b"def test_python():\n    assert 1 + 1 == 2\n"}
# As many as GitHub shows errors of one step, and one more.
FAILING = "".join(f"def test_{number}():\n    assert {number} == -1\n\n\n" for number in range(1, 12))
ELEVEN = {"image-tests/test_eleven.py": FAILING.rstrip().encode() + b"\n"}
UPLOAD = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f"
FORGED = """\
name: Test
on: pull_request
permissions: {{}}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
      - run: {run}
      - uses: {upload}
        with: {{name: build-test-report, path: {path}}}
"""


@pytest.fixture(scope="module")
def world(new_world: NewWorld) -> ImageRepository:
    """An image repository that names its image in its workflows, for runs that see no variables."""
    return new_world(PUBLIC_HUB, TESTS, Setup(named=True))


@pytest.fixture(scope="module")
def pushed(world: ImageRepository) -> Run:
    """The push of main, whose image everybody may read."""
    return world.push()


@pytest.fixture(scope="module")
def pull(world: ImageRepository, pushed: Run) -> Pull:
    """A pull request from a fork."""
    assert pushed.status == 0, pushed.log
    fork = world.github.fork(world.repository, "bob")
    return world.open_pull_request("from-a-fork", {"apt.txt": b"nano\n"}, fork)


@pytest.fixture(scope="module")
def tested(world: ImageRepository, pull: Pull) -> Run:
    """The test of the fork's pull request."""
    return world.on_pull_request(pull, "opened", "test.yaml")


@pytest.fixture(scope="module")
def commented(world: ImageRepository, tested: Run) -> Run:
    """What the end of the test runs."""
    assert tested.status == 0, tested.log
    return world.on_completed_run("comment.yaml")


@pytest.fixture(scope="module")
def broken(world: ImageRepository, pull: Pull, commented: Run) -> Run:
    """The test after a push to the fork with eleven failing tests."""
    assert commented.status == 0, commented.log
    push(world, pull, ELEVEN)
    return world.on_pull_request(pull, "synchronize", "test.yaml")


def push(world: ImageRepository, pull: Pull, files: dict[str, bytes]) -> None:
    """Push to the branch of a pull request."""
    assert pull.head_repository is not None
    pull.head_repository.commit(files, "More", branch=pull.head)
    world.github.changed(pull.head_repository)


def results(pull: Pull) -> list[str]:
    """Return the comments with the result of a test."""
    return [comment.body for comment in pull.comments if "build-test" in comment.body]


def test_a_forks_run_sees_no_variable_and_takes_layers_from_what_everybody_may_read(
    world: ImageRepository, pushed: Run, tested: Run
) -> None:
    assert tested.jobs == {"test": "success"}, tested.log
    tag = pushed.outputs("build")["tag"]
    assert (
        f"Cache: layers that are the same are taken from {world.registry.host}/{world.image}:{tag}"
        in tested.log
    )
    assert f"compared with `{tag}`" in tested.summary
    assert "candidates" not in tested.log


def test_what_it_left_is_one_file_of_our_own_form(tested: Run) -> None:
    assert list(tested.artifacts) == ["build-test-report"]


def test_the_comment_is_written_by_the_workflow_that_may(pull: Pull, commented: Run) -> None:
    assert commented.jobs == {"comment": "success"}, commented.log
    (body,) = results(pull)
    assert body.startswith("### ✅ Test of stat88\\-user\\-image\n\n> **From a fork:**")
    assert "1 passed" in body
    assert "compared with" in body
    assert "**Next:** ready for review." in body


def test_of_eleven_failing_tests_ten_annotations_tell_and_the_last_is_the_closing_error(broken: Run) -> None:
    assert broken.jobs == {"test": "failure"}
    errors = [line for line in broken.log_lines if "::error" in line]
    assert len(errors) == 10
    assert [f"assert {number} == -1" in line for number, line in enumerate(errors[:8], 1)] == [True] * 8
    assert "3 more errors are in the log." in errors[8]
    assert "11 of the image's tests failed" in errors[9]
    for number in range(9, 12):
        assert f"error: test_{number}" in broken.log


def test_the_comment_follows_and_says_what_to_fix(world: ImageRepository, pull: Pull, broken: Run) -> None:
    assert broken.status == 1
    run = world.on_completed_run("comment.yaml")
    assert run.jobs == {"comment": "success"}, run.log
    (body,) = results(pull)
    assert body.startswith("### ❌ ")
    assert "**Next:** fix `image-tests/test_eleven.py:2`, and push to the same branch" in body
    assert body.count("<summary>❌ test_") == 11


HOSTILE = {
    "forged words": (
        json.dumps(
            {
                **json.loads(write_report(BuildReport("r.io/x:1", "x", warnings=["Merge #1, says @alice."]))),
                "hub_check": "<img src=x onerror=alert(1)> [click](https://evil.example)",
            }
        ),
        "Merge \\#<!-- -->1, says @<!-- -->alice\\.",
    ),
    "a forged number": (
        json.dumps({**json.loads(write_report(BuildReport("r.io/x:1", "x"))), "pull_request": 1}),
        "other fields than a report",
    ),
    "markup": ("# Approved\n[click](https://evil.example)", "It is not JSON"),
}


@pytest.mark.parametrize(("content", "said"), list(HOSTILE.values()), ids=list(HOSTILE))
def test_a_report_that_the_fork_wrote_itself_is_text_under_a_heading_of_githubs(
    world: ImageRepository, pull: Pull, content: str, said: str
) -> None:
    forged = FORGED.format(run="exit 0", upload=UPLOAD, path=FILE)
    push(world, pull, {".github/workflows/test.yaml": forged.encode(), FILE: content.encode()})
    run = world.on_pull_request(pull, "synchronize", "test.yaml")
    assert run.status == 0, run.log
    run = world.on_completed_run("comment.yaml")
    assert run.jobs == {"comment": "success"}, run.log
    (body,) = results(pull)
    assert said in body
    assert "It changes what is run" in body
    assert_harmless(body)


@pytest.mark.parametrize("made", ["head -c 10485760 /dev/urandom > x", "ln -s /etc/passwd x"])
def test_10_mb_or_a_link_are_not_shown(world: ImageRepository, pull: Pull, made: str) -> None:
    forged = FORGED.format(run=f"mkdir left && cd left && {made}", upload=UPLOAD, path="left")
    push(world, pull, {".github/workflows/test.yaml": forged.encode()})
    assert world.on_pull_request(pull, "synchronize", "test.yaml").status == 0
    run = world.on_completed_run("comment.yaml")
    assert run.jobs == {"comment": "success"}, run.log
    (body,) = results(pull)
    assert "is not shown: It " in body
    assert "root:" not in body + run.log


def test_a_run_of_an_older_commit_overwrites_nothing(world: ImageRepository, pull: Pull, broken: Run) -> None:
    assert broken.status == 1
    before = results(pull)
    older = world.repository.runs[0]
    run = world.on_completed_run("comment.yaml", older)
    assert run.jobs == {"comment": "success"}, run.log
    assert results(pull) == before


def test_dependabot_sees_variables_and_no_secret_and_gets_its_comment(world: ImageRepository) -> None:
    pull = world.open_pull_request("dependabot/x", {"apt.txt": b"vim\n"}, author=DEPENDABOT)
    tested = world.on_pull_request(pull, "opened", "test.yaml")
    assert tested.jobs == {"test": "success"}, tested.log
    assert results(pull) == []
    run = world.on_completed_run("comment.yaml")
    assert run.jobs == {"comment": "success"}, run.log
    (body,) = results(pull)
    assert "The report of Dependabot at" in body
    assert body.endswith(f"<!-- hub-image-actions build-test {world.registry.host}/{world.image} -->")


def test_nothing_is_kept_of_it_and_nothing_shown(world: ImageRepository, commented: Run) -> None:
    assert commented.status == 0
    assert world.candidate_tags() == set()
    assert world.leaked() == []
    assert world.github.problems == []
