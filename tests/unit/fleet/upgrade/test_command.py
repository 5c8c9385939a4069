"""What `scripts/upgrade-image-repos` asks for, refuses, tells and ends with."""

import argparse
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.entry import command
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.upgrade.command import add_options, run
from local_github import LocalGitHub
from local_github.git import git

ACTIONS, NAME, PUSH = "hubs/actions", "hubs/a-image", ".github/workflows/push.yaml"


def workflow(version: str) -> bytes:
    step = f"      - uses: {ACTIONS}/build@{version}\n"
    return f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{step}".encode()


def read(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_intermixed_args(arguments)


class Called:
    """The command, on a GitHub with a release of actions, and a repository that pins an earlier one."""

    def __init__(self, server: LocalGitHub) -> None:
        self.server = server
        token = server.create_token("alice", "personal")
        self.environ = {"GITHUB_SERVER_URL": server.server_url, "GITHUB_TOKEN": token}
        actions = server.create_repository(ACTIONS, {"template/README.md": b"# Image\n"})
        git(actions.git_dir, "tag", "v2.1.0", actions.branches()["main"])
        self.repository = server.create_repository(NAME, {PUSH: workflow("v1.3.2")})
        self.out, self.err = io.StringIO(), io.StringIO()

    def run(self, *arguments: str, to: str = "v2.1.0") -> int:
        options = read("--to", to, "--actions", ACTIONS, *arguments)
        self.out, self.err = io.StringIO(), io.StringIO()
        console = Console(self.out, self.err, as_json=options.json)
        with command.open_http() as http:
            return run(options, self.environ, http, console)

    def merge_and_undo(self) -> None:
        with command.open_http() as http:
            github = command.github_from(self.environ, http)
            number = self.repository.pulls[0].number
            github.send("PUT", f"/repos/{NAME}/pulls/{number}/merge", {})
        self.repository.commit({PUSH: workflow("v1.3.2")}, "Undo it")


@pytest.fixture
def called(tmp_path: Path) -> Iterator[Called]:
    """The command."""
    with LocalGitHub(tmp_path / "github") as server:
        yield Called(server)


def test_the_release_is_needed_and_all_else_has_a_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read(NAME)
    assert ended.value.code == 2
    assert "--to" in capsys.readouterr().err
    options = read("--to", "v1", NAME)
    assert (options.waves, options.tracking, options.explain, options.apply) == ("", None, None, False)
    assert options.actions == "berkeley-dsep-infra/hub-image-actions"


def test_a_name_that_is_no_repository_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read("--to", "v1", "--explain", "a-image")
    assert ended.value.code == 2
    assert "'a-image' is not a repository" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--tracking", "hubs/x", NAME), "--tracking is for waves. Give --waves as well."),
        (("--waves", "canary=none", NAME), "canary=none"),
        (("--waves", "none.yaml", NAME), "none.yaml"),
        ((), "No repository is chosen."),
        (("--waves", "all", "others/image"), "Name one of your repositories with --tracking OWNER/NAME."),
    ],
)
def test_wrong_usage_is_refused_with_what_to_do(
    called: Called, arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(ActionError) as raised:
        called.run(*arguments)
    assert told in str(raised.value)
    assert called.server.calls == []


def test_a_release_that_is_not_there_is_refused(called: Called) -> None:
    with pytest.raises(ActionError, match=f"{ACTIONS} has no tag v9.9.9"):
        called.run(NAME, to="9.9.9")


def test_without_apply_it_is_told_what_would_be_opened(called: Called) -> None:
    assert called.run(NAME) == 0
    lines = called.out.getvalue().splitlines()
    assert lines[0].split() == ["REPOSITORY", "WAVE", "STATUS", "PULL", "REQUEST"]
    assert lines[1].split() == [NAME, "would", "open"]
    assert lines[2:] == [
        "1 repository; pull requests: 1 would open.",
        "Nothing was changed; give --apply to open the pull requests.",
    ]
    assert called.repository.pulls == []


def test_with_apply_pull_requests_are_opened_and_counted(called: Called) -> None:
    assert called.run(NAME, "--apply") == 0
    assert called.out.getvalue().splitlines()[-1] == "1 repository; pull requests: 1 opened."
    assert len(called.repository.pulls) == 1


def test_a_repository_that_fails_is_a_warning_and_status_1(called: Called) -> None:
    assert called.run("hubs/none", NAME) == 1
    assert "warning: hubs/none: " in called.err.getvalue()
    assert f"{NAME} " in called.out.getvalue()


def test_programs_get_the_release_and_each_repository(called: Called) -> None:
    assert called.run(NAME, "--json") == 0
    told = json.loads(called.out.getvalue())
    assert (told["to"], len(told["commit"])) == ("v2.1.0", 40)
    assert [(one["repository"], one["files"]) for one in told["repositories"]] == [(NAME, [PUSH])]


def test_an_explanation_shows_old_and_new_and_chooses_no_repository(called: Called) -> None:
    assert called.run("--explain", NAME, "--apply") == 0
    assert "build@v1.3.2" in called.out.getvalue()
    assert "build@v2.1.0" in called.out.getvalue()
    assert called.repository.pulls == []
    assert called.run("--explain", NAME, "--json") == 0
    told = json.loads(called.out.getvalue())
    assert (told["state"], told["changes"][0]["file"]) == ("waiting", PUSH)


def test_waves_are_told_with_their_tracking_issue(called: Called) -> None:
    assert called.run("--waves", "canary=1,rest", "--apply", NAME) == 0
    lines = called.out.getvalue().splitlines()
    assert lines[1].split()[:3] == [NAME, "canary", "opened"]
    assert [line.partition(":")[0] for line in lines[3:5]] == ["canary", "rest"]
    assert lines[5] == f"Tracked in {called.server.server_url}/{ACTIONS}/issues/1"


def test_waves_come_from_a_file_as_well(called: Called, tmp_path: Path) -> None:
    (tmp_path / "waves.yaml").write_text(f"canary: [{NAME}]\n")
    assert called.run("--waves", str(tmp_path / "waves.yaml"), "--json", NAME) == 0
    assert [wave["name"] for wave in json.loads(called.out.getvalue())["waves"]] == ["canary"]


def test_a_rollout_that_is_stopped_ends_with_status_3(called: Called) -> None:
    called.run("--waves", "all", "--apply", NAME)
    called.merge_and_undo()
    assert called.run("--waves", "all", "--apply", NAME) == 3
    assert "all: stopped (" in called.out.getvalue()
