"""scripts/image-status, run as people run it, with a local GitHub and a real registry."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local_github import LocalGitHub
from local_github.repository import Repository
from testbed.registry import Registry
from testbed.seed_image import seed_image

ROOT = Path(__file__).resolve().parents[2]
OWNER = "berkeley-dsep-infra"
NAME = f"{OWNER}/datahub"
FOLDER = "p/user-images"
WORKFLOW = "jobs:\n  build:\n    steps:\n      - uses: {uses}\n"
OURS = WORKFLOW.format(uses="berkeley-dsep-infra/hub-image-actions/build@v1")
HISTORY: list[tuple[str, dict[str, bytes]]] = [
    ("Merge pull request #7 from alice/pandas\n\nAdd pandas", {"a.txt": b"1"}),
    ("Fix the build (#8)", {"a.txt": b"2"}),
    ("Say why", {"README.md": b"Because.\n"}),
]


class World:
    """A deployments repository, image repositories, their registry, and the command."""

    def __init__(self, folder: Path, github: LocalGitHub, registry: Registry) -> None:
        self.folder = folder
        self.github = github
        self.registry = registry
        self.token = github.create_token(login="alice", kind="personal")
        self.deployments: Repository | None = None

    def image(self, hub: str) -> str:
        return f"{self.registry.host}/{FOLDER}/{hub}-user-image"

    def image_repository(self, hub: str, workflow: str = OURS) -> tuple[Repository, str, str]:
        """Makes an image's repository; returns it, its first tag, and its newest, which is pushed as well."""
        files = {"environment.yml": b"dependencies: []\n", ".github/workflows/build.yaml": workflow.encode()}
        repository = self.github.create_repository(f"{OWNER}/{hub}-user-image", files)
        old = repository.commit({"apt.txt": hub.encode()}, "Begin")[:12]
        new = repository.commit_all(HISTORY)[:12]
        for tag in (old, new):
            self.registry.push(f"{FOLDER}/{hub}-user-image", tag, seed_image())
        return repository, old, new

    def deploy(self, staging: Mapping[str, str], prod: Mapping[str, str] | None = None) -> Repository:
        """Makes the deployments repository from the files of both branches."""
        made = self.github.create_repository(NAME, encoded(staging), default_branch="staging")
        if prod is not None:
            gone = dict.fromkeys(set(staging) - set(prod))
            made.commit({**encoded(prod), **gone}, branch="prod")
        self.deployments = made
        return made

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        settings = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
            "GITHUB_TOKEN": self.token,
            **environment,
        }
        command = [str(ROOT / "scripts/image-status"), "--deployments", NAME, *arguments]
        return subprocess.run(
            command, env=settings, cwd=self.folder, capture_output=True, text=True, timeout=90, check=False
        )

    def asked(self, *arguments: str, **environment: str) -> Any:
        """Runs the command with --json and returns what it printed."""
        done = self.run("--json", *arguments, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def row(self, hub: str, *arguments: str) -> Any:
        """Returns the one row of a hub."""
        (found,) = [row for row in self.asked(*arguments)["rows"] if row["hub"] == hub]
        return found


def encoded(files: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}


def hubploy(reference: str, comment: str = "") -> str:
    return f"images:\n{comment}  images:\n    - name: {reference}\n"


@pytest.fixture
def world(tmp_path: Path, registry: Registry) -> Iterator[World]:
    with LocalGitHub(tmp_path / "github") as github:
        yield World(tmp_path, github, registry)
        assert [str(problem) for problem in github.problems] == []


def two_branches(world: World, hub: str) -> tuple[str, str]:
    """Deploys an image: its newest tag on staging, its first one on prod; returns both."""
    _, old, new = world.image_repository(hub)
    file = f"deployments/{hub}/hubploy.yaml"
    world.deploy({file: hubploy(f"{world.image(hub)}:{new}")}, {file: hubploy(f"{world.image(hub)}:{old}")})
    return old, new


def test_a_table_shows_both_branches_and_how_far_each_is_behind(world: World) -> None:
    old, new = two_branches(world, "data100")
    done = world.run()
    assert done.returncode == 0
    header, row, summary = done.stdout.splitlines()
    assert " ".join(header.split()[:9]) == "HUB IMAGE STAGING AGE BEHIND PROD AGE BEHIND REGISTRY"
    shown = [
        "data100",
        "data100-user-image",
        new,
        "today",
        "no",
        old,
        "today",
        "3 commits, 2 PRs",
        "yes",
    ]
    assert [cell.strip() for cell in row.split("  ") if cell.strip()] == [*shown, "-", "-", "v1"]
    assert summary == "1 hub, 1 row: 1 behind, 1 branches differ."


def test_programs_get_the_same_as_json(world: World) -> None:
    old, _ = two_branches(world, "data101")
    row = world.row("data101")
    assert (row["image"], row["repository"]) == (world.image("data101"), f"{OWNER}/data101-user-image")
    (prod,) = row["on"]["prod"]
    assert (prod["tag"], prod["commits_behind"], prod["pull_requests_behind"]) == (old, 3, 2)
    assert (prod["age_days"], prod["in_registry"]) == (0, True)
    assert (row["actions"], row["flags"], row["problems"]) == (["v1"], ["behind", "differs"], [])
    (place,) = prod["places"]
    assert (place["file"], place["line"]) == ("deployments/data101/hubploy.yaml", 3)


def test_nothing_is_shown_on_standard_output_but_json(world: World) -> None:
    two_branches(world, "data102")
    done = world.run("--json")
    assert json.loads(done.stdout)["deployments"] == NAME
    assert "[1/2] " in done.stderr
    assert "1 hub, 1 row" in done.stderr


def test_a_tag_that_the_registry_does_not_have_is_told(world: World) -> None:
    world.image_repository("eecs")
    world.deploy({"deployments/eecs/hubploy.yaml": hubploy(f"{world.image('eecs')}:0123456789ab")})
    done = world.run("--branches", "staging")
    assert "1 missing in registry" in done.stdout.splitlines()[-1]
    assert f"warning: The tag 0123456789ab names no commit of {OWNER}/eecs-user-image." in done.stderr


def test_a_hold_is_told_with_its_reason(world: World) -> None:
    _, old, _ = world.image_repository("stat20")
    comment = "  # image-hold until 2999-12-18: finals week\n"
    text = f"images:\n{comment}  image_name: {world.image('stat20')}:{old}\n"
    world.deploy({"deployments/stat20/hubploy.yaml": text})
    row = world.row("stat20", "--branches", "staging")
    assert row["on"]["staging"][0]["holds"] == ["held until 2999-12-18: finals week"]


@pytest.mark.parametrize("tag", ["1.4.0", "v1.4.0"])
def test_a_version_is_found_among_the_repositorys_tags(world: World, tag: str) -> None:
    repository, *_ = world.image_repository("edx")
    released = repository.log("main")[-2].sha
    repository.update_ref("refs/tags/v1.4.0", released)
    world.deploy({"deployments/edx/hubploy.yaml": hubploy(f"{world.image('edx')}:{tag}")})
    (one,) = world.row("edx", "--branches", "staging")["on"]["staging"]
    assert (one["commits_behind"], one["age_days"]) == (3, 0)


def test_open_bumps_are_told_by_their_mark_whoever_opened_them(world: World) -> None:
    two_branches(world, "julia")
    assert world.deployments
    image = world.image("julia")
    open_pull(world, "bump", f"<!-- hub-image-actions bump {image} -->", "update julia image tag to 1")
    open_pull(world, "other", f"<!-- hub-image-actions bump {image}-03-26 -->", "another image")
    open_pull(world, "unmarked", "text", "no mark")
    row = world.row("julia")
    assert [(pull["number"], pull["title"]) for pull in row["pull_requests"]] == [
        (1, "update julia image tag to 1")
    ]
    assert "bump" in row["flags"]


def open_pull(world: World, branch: str, body: str, title: str) -> None:
    """Opens a pull request through the API, as anybody would."""
    import requests

    assert world.deployments
    world.deployments.commit({f"{branch}.txt": b"1"}, branch=branch)
    url = f"{world.github.api_url}/repos/{NAME}/pulls"
    headers = {"Authorization": f"Bearer {world.token}", "User-Agent": "a test"}
    what = {"title": title, "head": branch, "base": "staging", "body": body}
    assert requests.post(url, json=what, headers=headers, timeout=10).status_code == 201


@pytest.mark.parametrize(
    ("uses", "actions", "others"),
    [
        (f"berkeley-dsep-infra/hub-image-actions/build@{'a' * 40} # v1.2.3", ["v1.2.3"], []),
        (
            "berkeley-dsep-infra/update-deployment/.github/workflows/shared-build.yaml@main",
            [],
            ["update-deployment@main"],
        ),
        ("actions/checkout@v7", [], []),
    ],
)
def test_it_tells_what_the_images_workflows_call(
    world: World, uses: str, actions: list[str], others: list[str]
) -> None:
    _, _, new = world.image_repository("cee", WORKFLOW.format(uses=uses))
    world.deploy({"deployments/cee/hubploy.yaml": hubploy(f"{world.image('cee')}:{new}")})
    row = world.row("cee", "--branches", "staging")
    assert (row["actions"], row["other_pipelines"]) == (actions, others)
    assert ("foreign" in row["flags"]) == (not actions)


def test_the_variable_finds_an_image_whose_repository_has_another_name(world: World) -> None:
    repository, _, new = world.image_repository("nature")
    world.deploy(
        {"deployments/earth/hubploy.yaml": hubploy(f"{world.registry.host}/q/user-images/earth:{new}")}
    )
    repository.variables["IMAGE"] = "q/user-images/earth"
    row = world.row("earth", "--branches", "staging", repository.full_name)
    assert (row["repository"], row["on"]["staging"][0]["commits_behind"]) == (repository.full_name, 0)


def test_an_image_on_no_hub_has_a_row_of_its_own(world: World) -> None:
    two_branches(world, "physics")
    base, _, _ = world.image_repository("base")
    base.variables["IMAGE"] = f"{FOLDER}/base-user-image"
    row = world.row("", "--owner", OWNER)
    assert (row["repository"], row["on"]) == (base.full_name, {"staging": [], "prod": []})


def test_who_names_one_repository_gets_its_rows_alone(world: World) -> None:
    _, _, astro = world.image_repository("astro")
    _, _, biology = world.image_repository("biology")
    files = {
        f"deployments/{hub}/hubploy.yaml": hubploy(f"{world.image(hub)}:{tag}")
        for hub, tag in (("astro", astro), ("biology", biology))
    }
    world.deploy(files)
    found = world.asked("--branches", "staging", f"{OWNER}/astro-user-image")
    assert [row["hub"] for row in found["rows"]] == ["astro"]


def test_a_file_named_for_the_other_branch_does_not_count(world: World) -> None:
    _, old, new = world.image_repository("psych")
    config = "jupyterhub:\n  singleuser:\n    image:\n      name: {image}\n      tag: '{tag}'\n"
    files = {
        f"deployments/psych/config/{branch}.yaml": config.format(image=world.image("psych"), tag=tag)
        for branch, tag in (("staging", new), ("prod", old))
    }
    world.deploy(files, files)
    on = world.row("psych")["on"]
    assert {branch: [one["tag"] for one in tags] for branch, tags in on.items()} == {
        "staging": [new],
        "prod": [old],
    }


@pytest.mark.parametrize(
    ("fault", "flag", "said"),
    [
        ({"path": "/repos/{owner}/{repo}/compare/{basehead}"}, "problem", "answered 403"),
        ({"path": "/repos/{owner}/{repo}/tarball/{ref}", "call": 3}, "problem", "answered 403"),
        ({"path": "/repos/{owner}/{repo}/tarball/{ref}", "call": 2, "times": 1}, "", "cannot be read"),
        ({"path": "/repos/{owner}/{repo}/pulls"}, "", "open pull requests are not known"),
    ],
)
def test_what_fails_is_said_and_the_table_is_there(
    world: World, fault: dict[str, Any], flag: str, said: str
) -> None:
    two_branches(world, "ugr01")
    world.github.faults.add(**{"kind": "status", "status": 403, "message": "No.", "times": 99, **fault})
    done = world.run("--json")
    assert done.returncode == 0
    (row,) = json.loads(done.stdout)["rows"]
    assert row["hub"] == "ugr01"
    assert not flag or flag in row["flags"]
    assert said in done.stdout + done.stderr


def test_a_registry_that_refuses_is_a_question_mark_and_not_a_missing_image(
    world: World, guarded_registry: Registry
) -> None:
    _, _, new = world.image_repository("secret")
    image = f"{guarded_registry.host}/{FOLDER}/secret-user-image"
    world.deploy({"deployments/secret/hubploy.yaml": hubploy(f"{image}:{new}")})
    row = world.row("secret", "--branches", "staging")
    assert row["on"]["staging"][0]["in_registry"] is None
    assert "cannot be read without a login" in row["problems"][0]


def test_a_repository_that_is_not_there_is_said(world: World) -> None:
    world.deploy({"deployments/x/hubploy.yaml": hubploy(f"{world.image('nobodys')}:1")})
    row = world.row("x", "--branches", "staging", f"{OWNER}/nobodys-user-image")
    assert row["problems"][0] == f"There is no repository {OWNER}/nobodys-user-image, or it is private."


def test_where_no_image_is_chosen_it_ends_with_one_and_says_how_to_choose(world: World) -> None:
    world.deploy({"deployments/x/hubploy.yaml": hubploy(f"{world.image('nobodys')}:1")})
    done = world.run()
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert f"Deployed are {world.image('nobodys')}." in last
    assert "--image-pattern '*nobodys-user-image'" in last


def test_a_registry_that_cannot_be_reached_is_one_notice(world: World) -> None:
    files = {}
    for number in range(12):
        world.github.create_repository(f"{OWNER}/hub{number}-user-image", {"README.md": b"#"})
        files[f"deployments/hub{number}/hubploy.yaml"] = hubploy(f"127.0.0.1:1/p/hub{number}-user-image:v1.0")
    world.deploy(files)
    done = world.run()
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if "127.0.0.1:1" in line and "warning" in line]
    assert len(told) == 1


def test_variables_that_may_not_be_read_leave_the_names(world: World) -> None:
    two_branches(world, "econ")
    path = "/repos/{owner}/{repo}/actions/variables"
    world.github.faults.add(kind="status", status=403, message="Not for you.", path=path, times=9)
    done = world.run("--owner", OWNER)
    assert f"warning: The variables of {OWNER}/econ-user-image cannot be read" in done.stderr
    assert "econ-user-image" in done.stdout
    assert "3 commits, 2 PRs" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--branches", "nowhere"), 1, "image-status: GET "),
        (("--branches", "a..b"), 2, "cannot be a branch"),
        (("--html", "no/such/folder.html"), 1, "cannot be written"),
        (("--topic", "x"), 2, "Give --owner as well"),
    ],
)
def test_what_cannot_work_is_one_line(
    world: World, arguments: tuple[str, ...], status: int, said: str
) -> None:
    two_branches(world, "cee")
    done = world.run(*arguments)
    assert done.returncode == status
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_page_is_written_beside_the_table(world: World) -> None:
    _, new = two_branches(world, "neuro")
    done = world.run("--html", "status.html")
    assert done.stdout.splitlines()[-1] == "The page is status.html."
    page = (world.folder / "status.html").read_text(encoding="utf-8")
    assert new in page
    assert world.token not in page


def test_thirty_hubs_on_two_branches_cost_five_calls_each_and_a_handful_more(world: World) -> None:
    staging, prod = {}, {}
    for number in range(30):
        hub = f"hub{number:02}"
        repository, old, new = world.image_repository(hub)
        repository.variables["IMAGE"] = f"{FOLDER}/{hub}-user-image"
        staging[f"deployments/{hub}/hubploy.yaml"] = hubploy(f"{world.image(hub)}:{new}")
        prod[f"deployments/{hub}/hubploy.yaml"] = hubploy(f"{world.image(hub)}:{old}")
    world.deploy(staging, prod)
    found = world.asked("--owner", OWNER)
    assert len(found["rows"]) == 30
    counts = world.github.counts()
    assert {name: counts[name] for name in counts if name != "GET codeload"} == {
        "GET /orgs/{org}/repos": 1,
        "GET /repos/{owner}/{repo}/actions/variables": 30,
        "GET /repos/{owner}/{repo}": 31,
        "GET /repos/{owner}/{repo}/branches/{branch}": 1,
        "GET /repos/{owner}/{repo}/tarball/{ref}": 32,
        "GET /repos/{owner}/{repo}/compare/{basehead}": 60,
        "GET /repos/{owner}/{repo}/pulls": 1,
    }
