"""Where a build runs, and what of, as the environment and the checkout tell."""

import json
import subprocess
from pathlib import Path

import pytest

from fake_build import fake_build
from hub_image_actions.build.origin import read_origin
from hub_image_actions.errors import ActionError


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    date = {"GIT_COMMITTER_DATE": "1700000000 +0000", "PATH": "/usr/bin:/bin"}
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=x"], check=True, env=date)
    return folder


def test_a_laptop_has_its_checkout_and_nothing_else(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    origin = read_origin({}, checkout)
    assert (origin.checkout, origin.commit_time, len(origin.commit)) == (checkout, 1700000000, 40)
    assert (origin.url, origin.run_url, origin.pull_request, origin.hosted) == ("", "", 0, False)
    assert origin.scratch == tmp_path / "hub-image-actions"


def test_a_folder_outside_of_git_has_no_commit(tmp_path: Path) -> None:
    origin = read_origin({"RUNNER_TEMP": str(tmp_path)}, tmp_path)
    assert (origin.commit, origin.commit_time, origin.tag_values.default) == ("", 0, "dev")


@pytest.mark.parametrize(
    ("remote", "name"),
    [
        ("https://github.com/berkeley-dsep-infra/data100-user-image.git", "data100-user-image"),
        ("git@github.com:somebody/Data_100.git", "data-100"),
        ("ssh://git@example.org/stat20-user-image/", "stat20-user-image"),
        ("https://example.org/数学.git", "user-image"),
        ("", "checkout"),
    ],
)
def test_a_laptops_image_is_called_as_what_was_cloned_or_as_the_folder(
    checkout: Path, tmp_path: Path, remote: str, name: str
) -> None:
    if remote:
        subprocess.run(["git", "-C", str(checkout), "remote", "add", "origin", remote], check=True)
    assert read_origin({"RUNNER_TEMP": str(tmp_path)}, checkout).image_name == name


def test_a_workflows_image_is_called_as_its_repository(checkout: Path, tmp_path: Path) -> None:
    environ = {"GITHUB_REPOSITORY": "O/Econ_148", "RUNNER_TEMP": str(tmp_path)}
    assert read_origin(environ, checkout).image_name == "econ-148"


def test_a_workflow_tells_commit_repository_and_run(checkout: Path, tmp_path: Path) -> None:
    environ = {
        "GITHUB_WORKSPACE": str(checkout),
        "GITHUB_SHA": "511c4637d7021a2b3c4d5e6f708192a3b4c5d6e7",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SERVER_URL": "https://github.example.org",
        "GITHUB_RUN_ID": "77",
        "GITHUB_REF_NAME": "7/merge",
        "RUNNER_TEMP": str(tmp_path),
        "RUNNER_ENVIRONMENT": "github-hosted",
    }
    origin = read_origin(environ, tmp_path)
    assert origin.tag_values.default == "511c4637d702"
    assert origin.url == "https://github.example.org/o/r"
    assert origin.run_url == "https://github.example.org/o/r/actions/runs/77"
    assert (origin.ref_name, origin.hosted, origin.commit_time) == ("7/merge", True, 1700000000)


@pytest.mark.parametrize(
    ("event", "number"), [({"pull_request": {"number": 12}}, 12), ({"ref": "refs/heads/main"}, 0)]
)
def test_the_event_tells_the_pull_request(tmp_path: Path, event: dict[str, object], number: int) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    origin = read_origin({"GITHUB_EVENT_PATH": str(path), "RUNNER_TEMP": str(tmp_path)}, tmp_path)
    assert origin.pull_request == number


TRIAL, HEAD, BASE = "a" * 40, "b" * 40, "c" * 40
PULL = {"pull_request": {"number": 12, "head": {"sha": HEAD}}}


def test_what_a_merge_queue_is_about_to_merge_is_the_commit_and_no_pull_request(
    checkout: Path, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    queued = {
        "head_sha": "a" * 40,
        "base_sha": "b" * 40,
        "head_ref": "refs/heads/gh-readonly-queue/main/pr-7",
    }
    event.write_text(json.dumps({"action": "checks_requested", "merge_group": queued}))
    environ = {
        "GITHUB_EVENT_NAME": "merge_group",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REF": queued["head_ref"],
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SHA": queued["head_sha"],
        "RUNNER_TEMP": str(tmp_path),
    }
    origin = read_origin(environ, checkout)
    assert (origin.commit, origin.pull_request, origin.from_fork) == ("a" * 40, 0, False)


@pytest.mark.parametrize(
    ("ref", "commit", "event", "expected"),
    [
        ("refs/pull/12/merge", TRIAL, PULL, HEAD),
        ("refs/pull/12/merge", TRIAL, {"pull_request": {"head": {"sha": None}}}, ""),
        ("refs/pull/12/merge", TRIAL, {"pull_request": {"head": {"sha": "../x"}}}, ""),
        ("refs/pull/12/merge", TRIAL, {"pull_request": {"head": None}}, ""),
        ("refs/pull/12/merge", TRIAL, {}, ""),
        # On `pull_request_target`, where something else than the base branch is checked out.
        ("refs/heads/main", BASE, PULL, HEAD),
        ("refs/heads/main", BASE, {"ref": "refs/heads/main"}, BASE),
    ],
)
def test_a_trial_merge_is_the_commit_of_no_image(
    checkout: Path, tmp_path: Path, ref: str, commit: str, event: dict[str, object], expected: str
) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    environ = {"GITHUB_REF": ref, "GITHUB_SHA": commit, "GITHUB_EVENT_PATH": str(path)}
    assert read_origin({**environ, "RUNNER_TEMP": str(tmp_path)}, checkout).commit == expected


def test_a_base_branch_that_is_checked_out_for_a_pull_request_is_what_is_built(
    checkout: Path, tmp_path: Path
) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(PULL))
    base = read_origin({"RUNNER_TEMP": str(tmp_path)}, checkout).commit
    environ = {"GITHUB_SHA": base, "GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_PATH": str(path)}
    assert read_origin({**environ, "RUNNER_TEMP": str(tmp_path)}, checkout).commit == base


@pytest.mark.parametrize(
    ("repository", "run", "expected"),
    [
        ("a/b", "https://github.com/a/b/actions/runs/7", True),
        ("a/b", "https://github.com/a/b.evil/actions/runs/7", False),
        ("", "https://github.com/a/b/actions/runs/7", True),
    ],
)
def test_a_run_of_somebody_else_is_told_from_our_own(
    tmp_path: Path, repository: str, run: str, expected: bool
) -> None:
    assert fake_build(tmp_path, repository=repository).job.origin.ran(run) is expected


def test_a_folder_for_temporary_files_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ActionError, match=rf"cannot be made: {file}/hub-image-actions: Not a directory\."):
        read_origin({"RUNNER_TEMP": str(file)}, tmp_path)
