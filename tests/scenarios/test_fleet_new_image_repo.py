"""The command that makes a hub's image repository, run as a process."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_github import LocalGitHub
from local_github.repository import Content
from scenarios.action import ROOT
from scenarios.image_fleet import (
    AFTER,
    DEPLOYMENTS,
    HUBPLOY,
    NAME,
    OWNER,
    ImageFleet,
    template_files,
)

COMMAND = ("new-image-repo", "data100")
# Every writing call of a whole run, in its order.
WRITES = [
    "POST /orgs/{org}/repos",
    "POST /repos/{owner}/{repo}/actions/variables",
    "POST /repos/{owner}/{repo}/actions/variables",
    "PUT /orgs/{org}/actions/secrets/{secret_name}/repositories/{repository_id}",
    "PUT /orgs/{org}/actions/secrets/{secret_name}/repositories/{repository_id}",
    "PATCH /repos/{owner}/{repo}",
    "POST /repos/{owner}/{repo}/git/trees",
    "POST /repos/{owner}/{repo}/git/commits",
    "POST /repos/{owner}/{repo}/git/refs",
    "POST /repos/{owner}/{repo}/pulls",
    "POST git-receive-pack",
    "POST /repos/{owner}/{repo}/rulesets",
]
PUSH = WRITES.index("POST git-receive-pack") + 1


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[ImageFleet]:
    with ImageFleet(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What an undisturbed run leaves behind."""
    with ImageFleet(tmp_path_factory.mktemp("whole")) as fleet:
        assert fleet.run(*COMMAND, "--apply").returncode == 0
        return portable(fleet)


def portable(fleet: ImageFleet) -> Any:
    """Return the state without the address of its server, which differs from run to run."""
    return repr(fleet.state()).replace(fleet.github.server_url, "SERVER")


def copied_template(folder: Path) -> Path:
    """Return a copy of the template, to be changed."""
    return Path(shutil.copytree(ROOT / "template", folder / "template"))


def modes(fleet: ImageFleet) -> dict[str, str]:
    """Return git's modes of the files of the repository that was made, by path."""
    command = ["git", f"--git-dir={fleet.repository.git_dir}", "ls-tree", "-r", "main"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {path: about.split()[0] for about, _, path in (line.partition("\t") for line in listed)}


def statuses(result: Any) -> list[str]:
    return [step["status"] for step in result["steps"]]


def test_without_apply_nothing_is_written(fleet: ImageFleet) -> None:
    done = fleet.run(*COMMAND)
    assert done.returncode == 0, done.stderr
    assert "to do  variable IMAGE = ucb-datahub-2018/user-images/data100-user-image" in done.stdout
    assert "Nothing was written. Run again with --apply." in done.stdout
    assert fleet.written() == []
    assert fleet.github.find(NAME) is None


def test_with_apply_everything_is_made_in_the_order_in_which_it_is_needed(fleet: ImageFleet) -> None:
    done = fleet.run(*COMMAND, "--apply")
    assert done.returncode == 0, done.stderr
    assert fleet.written() == WRITES
    state = fleet.state()
    assert state["variables"] == {
        "HUB": "data100",
        "IMAGE": "ucb-datahub-2018/user-images/data100-user-image",
    }
    assert state["shared"] == {"GAR_SECRET_KEY": True, "PRIVATE_KEY_SECRET": True}
    assert state["deletes"]
    assert state["proposed"].decode() == AFTER
    assert b"# data100 user image" in state["files"]["README.md"]
    assert not any(re.search(rb"<HUBNAME>|<THIS-REPOSITORY>", text) for text in state["files"].values())


def test_what_is_no_placeholder_stays_as_the_template_has_it(fleet: ImageFleet) -> None:
    fleet.run(*COMMAND, "--apply")
    workflows = {f".github/workflows/{name}.yaml" for name in ("test", "comment")}
    named = {"README.md", "CONTRIBUTING.md", *workflows}
    made = fleet.state()["files"]
    for path in workflows:
        assert b"image: ${{ vars.IMAGE || 'ucb-datahub-2018/user-images/" in made[path]
    expected = {path: content for path, (_, content) in template_files().items()}
    assert {path: made[path] for path in made.keys() - named} == {
        path: expected[path] for path in expected.keys() - named
    }


def required_checks(fleet: ImageFleet) -> list[dict[str, str]]:
    """Return the checks that the default branch's rules require."""
    ((_, rules),) = fleet.state()["rules"]
    of_type = {rule["type"]: rule.get("parameters") for rule in rules}
    return list(of_type["required_status_checks"]["required_status_checks"])


def test_the_build_is_required_as_every_check_that_always_reports(fleet: ImageFleet) -> None:
    done = fleet.run(*COMMAND, "--apply")
    assert required_checks(fleet) == [{"context": "Build and test"}, {"context": "Lint"}]
    assert "if you want" not in done.stdout


def test_a_check_that_some_pull_requests_never_get_is_not_required(fleet: ImageFleet, tmp_path: Path) -> None:
    template = copied_template(tmp_path)
    path = template / ".github/workflows/test.yaml"
    text = path.read_text()
    assert "  pull_request:\n" in text
    path.write_text(text.replace("  pull_request:\n", "  pull_request: {paths-ignore: [docs]}\n"))
    done = fleet.run(*COMMAND, "--template", str(template), "--apply")
    assert required_checks(fleet) == [{"context": "Lint"}]
    assert "Require 'Build and test', if you want" in done.stdout


def test_programs_of_the_template_stay_programs(fleet: ImageFleet) -> None:
    fleet.run(*COMMAND, "--apply")
    expected = {path: mode for path, (mode, _) in template_files().items()}
    assert modes(fleet) == expected


def test_a_second_run_writes_nothing(fleet: ImageFleet) -> None:
    fleet.run(*COMMAND, "--apply")
    before = fleet.written()
    result = fleet.run_json(*COMMAND, "--apply")
    assert fleet.written() == before
    assert set(statuses(result)) == {"there", "yours"}


# Git sends a push again whose answer was lost, by itself.
@pytest.mark.parametrize("number", sorted({*range(1, len(WRITES) + 1)} - {PUSH}))
def test_a_run_that_ended_after_any_step_is_completed_by_the_next(
    fleet: ImageFleet, whole: Any, number: int
) -> None:
    fleet.strike(number, kind="status", status=418, message="killed")
    first = fleet.run(*COMMAND, "--apply")
    assert first.returncode == 1
    assert len(fleet.written()) == number
    assert fleet.run(*COMMAND, "--apply").returncode == 0
    assert portable(fleet) == whole


@pytest.mark.parametrize(
    ("kind", "path"), [("refuse-push", "git-receive-pack"), ("status", "/repos/{owner}/{repo}/rulesets")]
)
def test_a_run_that_ended_around_the_push_is_completed_by_the_next(
    fleet: ImageFleet, whole: Any, kind: str, path: str
) -> None:
    fleet.github.faults.add(kind, "POST", path, status=418, message="killed")
    assert fleet.run(*COMMAND, "--apply").returncode == 1
    assert fleet.run(*COMMAND, "--apply").returncode == 0
    assert portable(fleet) == whole


@pytest.mark.parametrize("number", [1, 2, 9, 10, 11, 12])
def test_an_answer_that_is_lost_is_looked_for(fleet: ImageFleet, whole: Any, number: int) -> None:
    fleet.strike(number, kind="reset")
    done = fleet.run(*COMMAND, "--apply")
    assert done.returncode == 0, done.stderr
    assert portable(fleet) == whole


def test_what_is_missing_is_mended_and_what_is_there_is_left(fleet: ImageFleet) -> None:
    fleet.run(*COMMAND, "--apply")
    del fleet.repository.variables["HUB"]
    fleet.repository.delete_branch_on_merge = False
    before = len(fleet.written())
    fleet.run(*COMMAND, "--apply")
    assert fleet.written()[before:] == [
        "POST /repos/{owner}/{repo}/actions/variables",
        "PATCH /repos/{owner}/{repo}",
    ]


def test_a_name_that_is_missing_once_the_rules_are_there_comes_by_a_pull_request(fleet: ImageFleet) -> None:
    fleet.make_repository().commit({"README.md": b"# <HUBNAME>\n"}, message="m", branch="main")
    fleet.run(*COMMAND, "--apply")
    fleet.run(*COMMAND, "--apply")
    (pull,) = fleet.repository.pulls
    assert fleet.repository.read(pull.head_sha, "README.md") == b"# data100\n"


def test_a_variable_of_another_value_is_left_to_a_person(fleet: ImageFleet) -> None:
    fleet.run(*COMMAND, "--apply")
    fleet.repository.variables["HUB"] = "data101"
    done = fleet.run(*COMMAND, "--apply")
    assert "Variable HUB is data101, not data100: decide which." in done.stdout
    assert fleet.repository.variables["HUB"] == "data101"


def test_a_hub_without_a_folder_gets_the_lines_to_add(fleet: ImageFleet) -> None:
    done = fleet.run("new-image-repo", "newhub", "--apply")
    assert "Add these lines to deployments/newhub/hubploy.yaml of berkeley-dsep-infra/datahub" in done.stdout
    assert "         images:\n           images:\n             - name: us-central1" in done.stdout
    assert fleet.deployments.pulls == []


def test_a_pull_request_that_somebody_closed_is_not_opened_again(fleet: ImageFleet) -> None:
    fleet.run(*COMMAND, "--apply")
    fleet.deployments.pulls[0].state = "closed"
    done = fleet.run(*COMMAND, "--apply")
    assert "somebody closed it" in done.stdout
    assert len(fleet.deployments.pulls) == 1


def test_once_the_reference_is_merged_no_pull_request_is_opened(fleet: ImageFleet) -> None:
    fleet.deployments.commit({HUBPLOY: AFTER.encode()}, message="m", branch="staging")
    done = fleet.run(*COMMAND, "--apply")
    assert f"reference to the image in {HUBPLOY}, at PLACEHOLDER" in done.stdout
    assert fleet.deployments.pulls == []


@pytest.mark.parametrize(
    ("lacking", "expected"),
    [
        (
            "organization_secrets",
            "Show secret GAR_SECRET_KEY to data100-user-image, if berkeley-dsep-infra has it",
        ),
        ("secrets", "See to the secrets; the token may not see them"),
        ("variables", "Variable HUB = data100. The token may not (it needs `Variables: write`)"),
    ],
)
def test_what_the_token_may_not_do_is_left_to_a_person(
    fleet: ImageFleet, lacking: str, expected: str
) -> None:
    done = fleet.run(*COMMAND, "--apply", token=fleet.token(**{lacking: "none"}))
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


def test_an_organisation_without_the_secrets_is_told_what_to_store(tmp_path: Path) -> None:
    with ImageFleet(tmp_path) as fleet:
        fleet.github.organisation(OWNER).secrets.clear()
        done = fleet.run(*COMMAND, "--apply")
        assert f"gh secret set GAR_SECRET_KEY --repo {NAME}" in done.stdout
        assert f"gh secret set DATAHUB_CREATE_PR --repo {NAME}" in done.stdout


def test_a_template_that_is_none_is_an_error_with_its_remedy(fleet: ImageFleet, tmp_path: Path) -> None:
    done = fleet.run(*COMMAND, "--template", str(tmp_path / "none"))
    assert done.returncode == 1
    assert f"There are no files in {tmp_path / 'none'}. Check --template." in done.stderr


def test_another_organisation_gets_the_variables_that_name_its_deployments(fleet: ImageFleet) -> None:
    github: LocalGitHub = fleet.github
    github.create_repository("cal-icor/cal-icor-hubs", files={"deployments/a/hubploy.yaml": b"x: 1\n"})
    image = "us-central1-docker.pkg.dev/cal-icor-hubs/user-images/a-user-image"
    deployments = ("--deployments", "cal-icor/cal-icor-hubs")
    done = fleet.run("new-image-repo", "a", "--image", image, *deployments, "--apply")
    assert done.returncode == 0, done.stderr
    made = github.find("cal-icor/a-user-image")
    assert made is not None
    assert made.variables == {
        "HUB": "a",
        "IMAGE": image,
        "DEPLOYMENTS_OWNER": "cal-icor",
        "DEPLOYMENTS_REPOSITORY": "cal-icor-hubs",
        "DEPLOYMENTS_BRANCH": "main",
    }


def test_a_private_repository_has_no_binder_badge(fleet: ImageFleet) -> None:
    fleet.run(*COMMAND, "--private", "--apply")
    assert fleet.repository.private
    assert fleet.repository.variables["BINDER"] == "off"


def test_a_base_is_put_into_the_one_dockerfile(fleet: ImageFleet, tmp_path: Path) -> None:
    template = copied_template(tmp_path)
    (template / "Dockerfile").write_bytes(b"# what it adds to\nFROM example.org/old:1 AS built\nRUN true\n")
    base = ("--base", "example.org/base-user-image:abc")
    fleet.run(*COMMAND, "--template", str(template), *base, "--apply")
    assert fleet.repository.read("main", "Dockerfile") == (
        b"# what it adds to\nFROM example.org/base-user-image:abc AS built\nRUN true\n"
    )


def test_a_base_without_a_dockerfile_is_left_to_a_person(fleet: ImageFleet) -> None:
    done = fleet.run(*COMMAND, "--base", "example.org/base-user-image:abc", "--apply")
    assert "FROM example.org/base-user-image:abc" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("data 100",),
        ("data100", "--image", "a:b"),
        ("data100", "--deployments", "x"),
        ("data100", "--history", "x"),
    ],
)
def test_wrong_usage_ends_with_two(fleet: ImageFleet, arguments: tuple[str, ...]) -> None:
    done = fleet.run("new-image-repo", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_result_is_told_to_programs_as_json(fleet: ImageFleet) -> None:
    result = fleet.run_json(*COMMAND)
    assert (result["repository"], result["applied"]) == (NAME, False)
    assert result["steps"][0] == {
        "status": "to do",
        "text": f"public repository {NAME}",
        "link": f"{fleet.github.server_url}/{NAME}",
        "lines": "",
    }
    assert DEPLOYMENTS in str(result)


# ---- with the history of a folder

IMAGE_FOLDER = "deployments/data100/image"
SOURCE = f"{DEPLOYMENTS}:{IMAGE_FOLDER}"
AUTHOR = "Ada <ada@example.org>"


@pytest.fixture
def history(fleet: ImageFleet) -> ImageFleet:
    """Deployments that hold an image, whose folder three of their commits changed."""
    commits: list[tuple[str, dict[str, Content]]] = [
        ("Begin the image (#7)", {f"{IMAGE_FOLDER}/Dockerfile": b"FROM example.org/base:1\n", "other": b"1"}),
        ("Elsewhere", {"other": b"2"}),
        (
            "Add a program",
            {f"{IMAGE_FOLDER}/bin/run": ("100755", b"#!/bin/sh\n"), f"{IMAGE_FOLDER}/LICENSE": b"ours\n"},
        ),
        ("Elsewhere again", {f"{IMAGE_FOLDER}2/x": b"3"}),
    ]
    for message, files in commits:
        fleet.deployments.commit(files, message=message, branch="staging", author=AUTHOR)
    return fleet


def test_a_repository_begins_with_the_history_of_a_folder(history: ImageFleet) -> None:
    done = history.run(*COMMAND, "--history", SOURCE, "--apply")
    assert done.returncode == 0, done.stderr
    assert f"the template's files on the history of {SOURCE}" in done.stdout
    made = history.repository
    newest, *others = made.log("main")
    assert newest.title.startswith("Begin with the template of hub-image-actions ")
    assert [(commit.title, commit.author.name) for commit in others] == [
        ("Add a program", "Ada"),
        ("Begin the image (#7)", "Ada"),
    ]
    assert made.read("main", "LICENSE") == b"ours\n"
    assert modes(history)["bin/run"] == "100755"
    assert "other" not in modes(history)
    assert ".github/workflows/test.yaml" in modes(history)


def test_of_the_template_comes_nothing_that_says_what_is_in_an_image(history: ImageFleet) -> None:
    history.run(*COMMAND, "--history", SOURCE, "--base", "example.org/base:2", "--apply")
    made = history.repository
    paths = set(made.paths("main"))
    assert paths.isdisjoint({"apt.txt", "environment.yml", "postBuild", "start"})
    assert "image-tests/test_environment.py" not in paths
    assert made.read("main", "Dockerfile") == b"FROM example.org/base:2\n"


def test_the_history_may_come_from_a_clone(history: ImageFleet, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    command = ["git", "clone", "--quiet", str(history.deployments.git_dir), str(clone)]
    subprocess.run(command, check=True, capture_output=True)
    done = history.run(*COMMAND, "--history", f"{clone}:{IMAGE_FOLDER}", "--apply")
    assert done.returncode == 0, done.stderr
    assert len(history.repository.log("main")) == 3


def test_a_second_run_with_a_history_writes_nothing(history: ImageFleet) -> None:
    history.run(*COMMAND, "--history", SOURCE, "--apply")
    before = history.written()
    assert set(statuses(history.run_json(*COMMAND, "--history", SOURCE, "--apply"))) == {"there", "yours"}
    assert history.written() == before


def test_a_folder_that_is_not_there_is_an_error_and_can_be_named_again(history: ImageFleet) -> None:
    done = history.run(*COMMAND, "--history", f"{DEPLOYMENTS}:deployments/none", "--apply")
    assert done.returncode == 1
    assert f"{DEPLOYMENTS}:deployments/none is not there, or is no folder. Check --history." in done.stderr
    assert history.run(*COMMAND, "--history", SOURCE, "--apply").returncode == 0
    assert len(history.repository.log("main")) == 3


def test_without_apply_a_history_is_not_fetched(history: ImageFleet) -> None:
    done = history.run(*COMMAND, "--history", SOURCE)
    assert f"to do  the template's files on the history of {SOURCE}" in done.stdout
    assert history.written() == []
