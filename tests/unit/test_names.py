"""Which names and addresses are taken, and which are refused."""

import subprocess
from collections.abc import Callable

import pytest

from hub_image_actions import names
from hub_image_actions.names import InvalidName

Parse = Callable[[str], str]
TAKEN: dict[Parse, list[str]] = {
    names.parse_full_name: ["berkeley-dsep-infra/datahub", "a/b", "o/.github", "o_1/r.x-y"],
    names.parse_owner: ["berkeley-dsep-infra", "a", "o_1"],
    names.parse_hub: ["data100", "data-100", "a.b_c", "1"],
    names.parse_branch: ["staging", "a/b", "update-x-1.2", "a@b", "ünï", "a$(b)", "x'y", "-x".strip("-")],
    names.parse_email: ["a@example.org", "1+x[bot]@users.noreply.github.com"],
    names.parse_author: ["github-actions[bot]", "Ada Lovelace"],
    names.parse_host: ["ghcr.io", "localhost:5000", "us-central1-docker.pkg.dev", "127.0.0.1:5000"],
    names.parse_server: ["https://github.com", "https://x.example.org/api/v3", "http://127.0.0.1:8000"],
    names.parse_path: ["deployments", "a/b.yaml", ".", "a b", "deployments/{{x}}"],
}
REFUSED: dict[Parse, list[str]] = {
    names.parse_full_name: [
        "",
        "a",
        "a/b/c",
        "a/..",
        "a/.",
        "-a/b",
        "a b/c",
        "a/b\n",
        "https://github.com/a/b",
    ],
    names.parse_owner: ["a/b", "-a", "", "a b", "a.b", "a\n"],
    names.parse_hub: ["", "-a", ".a", "a/b", "a b", "a\n", "../a"],
    names.parse_branch: [
        *("", "-a", "/a", "a/", "a//b", "a..b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "@", "a@{b"),
        *("a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "HEAD", "refs/heads/a"),
    ],
    names.parse_email: ["", "a", "a@", "@b", "a@b@c", "a b@c", "<a@b>"],
    names.parse_author: ["a <b>", ">"],
    names.parse_host: ["", "https://ghcr.io", "ghcr.io/a", "a b", "-a.b"],
    names.parse_server: [
        *("https://[github.com", "https://[x]", "https://a:b", "https://a:99999"),
        *("", "github.com", "http://github.com", "ftp://x", "https://", "https://a:b@github.com"),
        *("https://github.com?x", "https://github.com#x", "https://evil\\@github.com", "https://a\u3002b"),
    ],
    names.parse_path: ["/a", "-a", "~a", "../a", "a/../b", ".git/config", "a/.git", "a\\b"],
}


def cases(table: dict[Parse, list[str]]) -> list[tuple[Parse, str]]:
    return [(parse, text) for parse, texts in table.items() for text in texts]


@pytest.mark.parametrize(("parse", "text"), cases(TAKEN))
def test_a_good_name_is_returned_as_it_is(parse: Parse, text: str) -> None:
    assert parse(text) == text


@pytest.mark.parametrize(("parse", "text"), cases(REFUSED))
def test_a_bad_name_is_refused_with_a_remedy(parse: Parse, text: str) -> None:
    with pytest.raises(InvalidName) as caught:
        parse(text)
    assert caught.value.remedy


def test_a_servers_address_ends_without_a_slash() -> None:
    assert names.parse_server("https://github.com/") == "https://github.com"


@pytest.mark.parametrize(
    "tag", ["v1.", "v1..2", "x.lock", "1.4.0", "a...b", "-x", ".x", "x.lock.lock", "a.lock-b", "v1.2.3-rc.1"]
)
@pytest.mark.parametrize("around", ["update-x-image-tag-{}", "bump/{}", "{}/x", "{}"])
def test_whatever_the_tag_a_branch_is_one_that_git_takes(tag: str, around: str) -> None:
    branch = names.valid_branch(around.format(tag))
    assert subprocess.run(["git", "check-ref-format", "--branch", branch], check=False).returncode == 0
    assert names.parse_branch(branch) == branch


@pytest.mark.parametrize("branch", ["update-data100-image-tag-511c4637d702", "release/1.4.0", "a-b_c.d"])
def test_a_branch_that_git_takes_stays_as_it_is(branch: str) -> None:
    assert names.valid_branch(branch) == branch
