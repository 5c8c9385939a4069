"""What happens to a pull request: built and tested, one comment, one badge, nothing that a hub could use."""

import pytest

from local_github.pulls import Pull
from workflows.act import Run
from workflows.conftest import NewWorld
from workflows.image_repository import ImageRepository

pytestmark = pytest.mark.timeout(900)
TESTS = {
    "image-tests/test_python.py": b"import sys\n\n\ndef test_python():\n    assert sys.version_info[0] == 3\n"
}
BROKEN = {"image-tests/test_python.py": b"def test_python():\n    assert 1 + 1 == 3\n"}


@pytest.fixture(scope="module")
def world(new_world: NewWorld) -> ImageRepository:
    """An image repository with one quick test of the image."""
    return new_world("stat20", TESTS)


@pytest.fixture(scope="module")
def pull(world: ImageRepository) -> Pull:
    """A pull request of somebody who may push to the repository."""
    return world.open_pull_request("add-package", {"apt.txt": b"git\n"})


@pytest.fixture(scope="module")
def opened(world: ImageRepository, pull: Pull) -> Run:
    """The test of the pull request as it was opened."""
    return world.on_pull_request(pull, "opened", "test.yaml")


@pytest.fixture(scope="module")
def broken(world: ImageRepository, pull: Pull, opened: Run) -> Run:
    """The test after a push to the pull request that breaks a test of the image."""
    assert opened.status == 0
    world.repository.commit(BROKEN, "Break it", branch="add-package")
    return world.on_pull_request(pull, "synchronize", "test.yaml")


@pytest.fixture(scope="module")
def of_fork(world: ImageRepository) -> Pull:
    """A pull request from a fork."""
    fork = world.github.fork(world.repository, "bob")
    return world.open_pull_request("from-a-fork", {"apt.txt": b"nano\n"}, fork)


@pytest.fixture(scope="module")
def tested_fork(world: ImageRepository, of_fork: Pull) -> Run:
    """The test of the fork's pull request."""
    return world.on_pull_request(of_fork, "opened", "test.yaml")


def results(pull: Pull) -> list[str]:
    """Return the comments with the result of a test."""
    return [comment.body for comment in pull.comments if "build-test" in comment.body]


def badges(pull: Pull) -> list[str]:
    """Return the comments with a badge."""
    return [comment.body for comment in pull.comments if "binder-badge" in comment.body]


def test_a_pull_request_is_built_and_tested(opened: Run) -> None:
    assert opened.jobs == {"test": "success", "badge": "success"}, opened.log
    assert opened.outputs("test")["tests"] == "1 passed"


def test_a_run_that_may_comment_leaves_nothing_to_be_told(
    world: ImageRepository, pull: Pull, opened: Run
) -> None:
    assert opened.artifacts == {}
    before = results(pull)
    run = world.on_completed_run("comment.yaml", world.repository.runs[0])
    assert run.jobs == {"comment": "success"}, run.log
    assert results(pull) == before


def test_binder_pulls_what_was_kept(world: ImageRepository, pull: Pull, opened: Run) -> None:
    kept = opened.outputs("test")
    branch = f"binder/pr-{pull.number}"
    name = f"{world.registry.host}/{world.candidates}"
    dockerfile = world.repository.read(branch, "binder/Dockerfile").decode()
    assert dockerfile.startswith(f"FROM {name}@{kept['digest']}\n")
    (badge,) = badges(pull)
    assert "and builds nothing" in badge
    assert world.repository.branches()[branch] in badge


def test_it_has_one_comment_which_follows_the_pushes(pull: Pull, opened: Run, broken: Run) -> None:
    assert (opened.status, broken.jobs) == (0, {"test": "failure"}), broken.log
    (comment,) = results(pull)
    assert "test_python" in comment
    assert "1 failed" in comment


def test_a_failed_test_is_shown_where_it_stands(broken: Run) -> None:
    assert "1 + 1 == 3" in broken.log
    errors = [entry for entry in broken.entries if "::error" in str(entry.get("msg", ""))]
    assert any("image-tests/test_python.py" in str(entry) for entry in errors)


def test_a_forks_pull_request_is_tested_and_its_result_is_in_the_summary(
    of_fork: Pull, tested_fork: Run
) -> None:
    assert tested_fork.jobs == {"test": "success"}, tested_fork.log
    assert "1 passed" in tested_fork.summary
    assert results(of_fork) == []


def test_a_fork_that_can_read_no_image_of_the_repository_is_told_so_in_one_notice(tested_fork: Run) -> None:
    notices = [line for line in tested_fork.log_lines if "::notice" in line]
    assert sum("No image of the default branch can be read here" in line for line in notices) == 1
    assert [line for line in tested_fork.log_lines if "::warning" in line or "::error" in line] == []


@pytest.mark.parametrize("action", ["opened", "synchronize"])
def test_the_badge_is_kept_current_for_a_fork_too(world: ImageRepository, of_fork: Pull, action: str) -> None:
    if action == "synchronize":
        (of_fork.head_repository or world.repository).commit(
            {"apt.txt": b"vim\n"}, "More", branch="from-a-fork"
        )
    run = world.on_pull_request(of_fork, action, "binder.yaml")
    assert run.jobs == {"badge": "success"}, run.log
    (badge,) = badges(of_fork)
    assert f"{of_fork.head_sha}?urlpath=lab" in badge


def test_the_badge_is_switched_off_by_a_variable(world: ImageRepository, pull: Pull) -> None:
    before = len(badges(pull))
    variables = dict(world.variables)
    world.variables["BINDER"] = "off"
    run = world.on_pull_request(pull, "opened", "binder.yaml")
    world.variables = variables
    assert (run.status, run.steps) == (0, {})
    assert len(badges(pull)) == before


def test_a_closed_pull_request_gets_no_other_badge(world: ImageRepository, of_fork: Pull) -> None:
    before = badges(of_fork)
    run = world.on_pull_request(of_fork, "closed", "binder.yaml")
    assert run.jobs == {"tidy": "success"}, run.log
    assert badges(of_fork) == before


def test_a_closed_pull_request_leaves_no_branch(world: ImageRepository, pull: Pull, broken: Run) -> None:
    assert broken.status == 1
    branch = f"binder/pr-{pull.number}"
    assert branch in world.repository.branches()
    pull.state = "closed"
    run = world.on_pull_request(pull, "closed", "binder.yaml")
    pull.state = "open"
    assert run.jobs == {"tidy": "success"}, run.log
    assert branch not in world.repository.branches()


def test_yaml_is_linted(world: ImageRepository, pull: Pull) -> None:
    run = world.on_pull_request(pull, "synchronize", "yaml-lint.yaml")
    assert run.jobs == {"lint": "success"}, run.log


def test_bad_yaml_is_found(world: ImageRepository) -> None:
    pull = world.open_pull_request("bad-yaml", {"config.yaml": b"a: 1\na: 2\n"})
    run = world.on_pull_request(pull, "opened", "yaml-lint.yaml")
    assert run.jobs == {"lint": "failure"}
    assert "duplication of key" in run.log


def test_nothing_that_a_hub_could_use_is_pushed_and_no_hub_moves(
    world: ImageRepository, opened: Run, broken: Run, tested_fork: Run
) -> None:
    assert (opened.status, broken.status, tested_fork.status) == (0, 1, 0)
    # What passed is kept for the merge: of the branch's first commit, not of the broken one or the fork's.
    (kept,) = world.candidate_tags()
    assert kept.startswith("inputs-")
    assert world.image_tags() == set()
    assert world.deployments.pulls == []
    assert set(world.deployments.branches()) == {"staging"}


def test_no_line_of_any_log_holds_a_secret(world: ImageRepository, opened: Run, tested_fork: Run) -> None:
    assert (opened.status, tested_fork.status) == (0, 0)
    assert world.leaked() == []


def test_nothing_was_asked_of_github_that_it_does_not_know(world: ImageRepository, opened: Run) -> None:
    assert opened.status == 0
    assert world.github.problems == []
