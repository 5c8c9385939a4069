"""The goal of an upgrade: what is asked of GitHub for it, and what its pins become."""

import io
import json
import tarfile

import pytest

from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.exchange import Response
from hub_image_actions.fleet.upgrade.goal import Goal, goal_of, nearest_release
from hub_image_actions.fleet.workflows.pins import Target
from hub_image_actions.github.client import GitHub
from hub_image_actions.http import Http

COMMIT = "c" * 40
ACTIONS = "o/actions"


def packed(*paths: str) -> bytes:
    """Returns an archive as git makes it."""
    content = io.BytesIO()
    headers = {"comment": COMMIT}
    with tarfile.open(
        fileobj=content, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers=headers
    ) as archive:
        for path in paths:
            member = tarfile.TarInfo(f"o-actions-ccccccc/{path}")
            member.size = len(path)
            archive.addfile(member, io.BytesIO(path.encode()))
    return content.getvalue()


class Release(Http):
    """Has one release, with these files; keeps the paths that it was asked for."""

    def __init__(self, *paths: str, status: int = 200) -> None:
        super().__init__()
        self._paths = paths
        self._status = status
        self.asked: list[str] = []

    def request(self, method: str, url: str, **_: object) -> Response:
        self.asked.append(url.removeprefix(f"https://api.example.org/repos/{ACTIONS}/"))
        if "/tarball/" in url:
            return Response(200, body=packed(*self._paths))
        return Response(self._status, body=json.dumps({"sha": COMMIT, "message": "no"}).encode())


def goal(http: Http, to: str) -> Goal:
    return goal_of(GitHub(http, "https://api.example.org", "https://example.org", ""), to, ACTIONS)


@pytest.mark.parametrize(
    ("to", "asked", "ref", "version"),
    [
        ("1.4.0", "commits/tags/v1.4.0", "v1.4.0", "1.4.0"),
        ("v1.4.0", "commits/tags/v1.4.0", "v1.4.0", "1.4.0"),
        ("my/branch", "commits/my/branch", "my/branch", "0.0.0"),
        ("v1", "commits/v1", "v1", "0.0.0"),
    ],
)
def test_a_version_is_a_tag_and_all_else_is_for_a_trial(to: str, asked: str, ref: str, version: str) -> None:
    http = Release("template/a.yaml")
    found = goal(http, to)
    assert http.asked == [asked, f"tarball/{COMMIT}"]
    assert (found.ref, found.target) == (ref, Target(version, COMMIT, ACTIONS))
    assert found.trial is (version == "0.0.0")


def test_only_the_files_of_the_template_count() -> None:
    found = goal(Release("template/.github/a.yaml", "README.md", "src/template/b"), "v1.4.0")
    assert found.template == {".github/a.yaml": b"template/.github/a.yaml"}


def test_a_release_without_a_template_is_refused() -> None:
    with pytest.raises(ActionError, match=r"o/actions has no template at v1\.4\.0\."):
        goal(Release("README.md"), "1.4.0")


@pytest.mark.parametrize("status", [404, 422])
@pytest.mark.parametrize(("to", "what"), [("1.4.0", "tag v1.4.0"), ("trial", "branch or commit trial")])
def test_a_release_that_there_is_not_is_said_to_be_missing(status: int, to: str, what: str) -> None:
    with pytest.raises(ActionError) as raised:
        goal(Release(status=status), to)
    assert raised.value.problem == f"o/actions has no {what}."
    assert "https://example.org/o/actions/tags" in raised.value.remedy


@pytest.mark.parametrize(
    ("wanted", "near"),
    [
        ("1.4", "v1.4.0"),
        ("1.4.7", "v1.4.0"),
        ("1.3", "v1.3.10"),
        ("1", "v1.4.0"),
        ("2.0.0", "v2.1.0"),
        ("3", "v2.1.0"),
    ],
)
def test_the_nearest_release_begins_with_the_same_numbers(wanted: str, near: str) -> None:
    tags = ["v1", "v1.4", "v1.3.9", "v1.3.10", "v1.4.0", "v1.5.0-rc.1", "v2.1.0", "value"]
    assert nearest_release(wanted, [*tags, "v1.4.0"]) == near


def test_without_releases_none_is_the_nearest() -> None:
    assert nearest_release("1.4", ["v1", "value"]) == ""


def test_a_failure_of_github_is_not_taken_for_a_release_that_there_is_not() -> None:
    with pytest.raises(GitHubError):
        goal(Release(status=403), "1.4.0")


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        ("uses: o/actions/build@v0.0.0", "uses: o/actions/build@trial"),
        ("uses: O/Actions/build@v0", "uses: O/Actions/build@trial"),
        ("uses: o/other@v0", "uses: o/other@v0"),
        ("uses: o/actions@v0123", "uses: o/actions@v0123"),
        ("the template's files of 0.0.0", "the template's files of trial"),
    ],
)
def test_pins_of_a_trial_name_its_branch(text: str, pinned: str) -> None:
    assert Goal("trial", Target("0.0.0", COMMIT, ACTIONS), {}).pinned(text) == pinned


def test_pins_of_a_release_stay_as_they_are() -> None:
    text = "uses: o/actions@v0.0.0"
    assert Goal("v1.4.0", Target("1.4.0", COMMIT, ACTIONS), {}).pinned(text) == text
