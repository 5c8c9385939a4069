"""The goal of an upgrade: the release to reach, and the template's files at that release."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import takewhile
from urllib.parse import quote

from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.workflows.pins import OURS, Target
from hub_image_actions.github.archives import read_archive
from hub_image_actions.github.client import GitHub

_TEMPLATE = "template/"
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+)")
# What looks like a release, and may lack a number: `1.4`, `v1`.
_NUMBERS = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,2})")
_NO_RELEASE = "0.0.0"


@dataclass(frozen=True)
class Goal:
    """The release that repositories are brought to.

    Args:
        ref: what it is called: ``v1.4.0``; for a trial a branch, or a commit.
        target: the release as pins take it.
        template: the files of its template, by path.
    """

    ref: str
    target: Target
    template: Mapping[str, bytes] = field(repr=False)

    @property
    def trial(self) -> bool:
        """Whether it is no release but a branch or a commit."""
        return not _VERSION.fullmatch(self.ref)

    def pinned(self, text: str) -> str:
        """Return a text in which a trial's pins name its branch or commit."""
        if not self.trial:
            return text
        ours = re.escape(self.target.repository)
        moved = re.sub(
            rf"({ours}[\w./-]*@)v?0(?:\.0){{0,2}}\b", rf"\g<1>{self.ref}", text, flags=re.IGNORECASE
        )
        return moved.replace(f"v{_NO_RELEASE}", self.ref).replace(_NO_RELEASE, self.ref)


def goal_of(github: GitHub, to: str, actions: str = OURS) -> Goal:
    """Return the release that is asked for, with the template that belongs to it; two calls.

    Args:
        github: who is asked.
        to: the release; a branch or a commit for a trial.
        actions: the repository of our actions.

    Raises:
        ActionError: there is no such tag, or its template is missing.
        GitHubError: GitHub does not answer.
    """
    match = _VERSION.fullmatch(to)
    ref = f"v{match[1]}" if match else to
    name = f"tags/{ref}" if match else ref
    try:
        commit = str(github.get(f"/repos/{actions}/commits/{quote(name)}")["sha"])
    except GitHubError as error:
        if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
            raise
        raise _missing(github, actions, ref, "tag" if match else "branch or commit") from error
    files = read_archive(github.download(f"/repos/{actions}/tarball/{commit}"), actions).files
    template = {
        path.removeprefix(_TEMPLATE): content for path, content in files.items() if path.startswith(_TEMPLATE)
    }
    if not template:
        raise ActionError(f"{actions} has no template at {ref}.", "Choose a release that has one.")
    return Goal(ref, Target(match[1] if match else _NO_RELEASE, commit, actions), template)


# https://docs.github.com/en/rest/git/refs#list-matching-references
def _missing(github: GitHub, actions: str, ref: str, kind: str) -> ActionError:
    """Return the error that says so, with the nearest release where the text looks like one."""
    remedy = f"See {github.server_url}/{actions}/tags for what there is."
    if wanted := _NUMBERS.fullmatch(ref):
        # That there is no suggestion must not hide what is wrong.
        with suppress(GitHubError):
            listed = github.get(f"/repos/{actions}/git/matching-refs/tags/v")
            tags = [str(item["ref"]).removeprefix("refs/tags/") for item in listed]
            if near := nearest_release(wanted[1], tags):
                remedy = f"Did you mean {near}? {remedy}"
    return ActionError(f"{actions} has no {kind} {ref}.", remedy)


def nearest_release(wanted: str, tags: Iterable[str]) -> str:
    """Return the release that was most likely meant; empty where there is none.

    It is the newest of those that begin with the same numbers, as v1.4.2 for 1.4, and as many of them as
    there are.

    Args:
        wanted: numbers with dots between them.
        tags: the tags that there are; those of releases have three numbers.
    """
    numbers = _numbers(wanted)
    releases = [tag for tag in tags if _VERSION.fullmatch(tag)]

    def likeness(tag: str) -> tuple[int, tuple[int, ...]]:
        own = _numbers(tag)
        pairs = zip(numbers, own, strict=False)
        return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs))), own

    return max(releases, key=likeness, default="")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.removeprefix("v").split(".")))
