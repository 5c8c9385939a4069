"""Plans for repositories: one is made for all that hold the same workflows."""

import hashlib
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus

from hub_image_actions.errors import GitHubError
from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.plan import BINDER_FILE, Change, Migration, plan_migration
from hub_image_actions.fleet.workflows.pins import Release, version_key
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.snapshot import Snapshot


class Plans:
    """What repositories become at a release.

    Args:
        github: who asks which releases of others' actions there are.
        goal: the release.
    """

    def __init__(self, github: GitHub, goal: Goal) -> None:
        self._github = github
        self._goal = goal
        self._plans: dict[str, Migration] = {}
        self._release_of = lru_cache(maxsize=None)(self._asked_release)

    def plan(self, repository: Snapshot) -> Migration:
        """Return the plan: one is made for all repositories that hold the same workflows."""
        key = _what_counts(repository)
        if key not in self._plans:
            self._plans[key] = self._new_plan(repository)
        return self._plans[key]

    def _new_plan(self, repository: Snapshot) -> Migration:
        files, name = repository.files, repository.full_name
        plan = plan_migration(files, self._goal.target, self._goal.template, repository=name)
        if plan.unpinned:
            known = {uses: found for uses in plan.unpinned if (found := self._release_of(uses))}
            target = replace(self._goal.target, others=known)
            plan = plan_migration(files, target, self._goal.template, repository=name)
        return replace(
            plan,
            files={path: content and self._at_goal(content) for path, content in plan.files.items()},
            changes=tuple(self._told(change) for change in plan.changes),
        )

    def _at_goal(self, content: bytes) -> bytes:
        return self._goal.pinned(content.decode(errors="surrogateescape")).encode(errors="surrogateescape")

    def _told(self, change: Change) -> Change:
        return replace(change, after=self._goal.pinned(change.after))

    # https://docs.github.com/en/rest/repos/repos#list-repository-tags
    def _asked_release(self, uses: str) -> Release | None:
        """Return the release that `owner/name@ref` is at present; None where that cannot be told."""
        name, _, ref = uses.rpartition("@")
        try:
            tags = self._github.get(f"/repos/{name}/tags", per_page=100)
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                # The plan then says that the pin is one that can move.
                return None
            raise
        commit = next((str(tag["commit"]["sha"]) for tag in tags if tag["name"] == ref), "")
        same = [str(tag["name"]) for tag in tags if tag["commit"]["sha"] == commit]
        version = max(same, key=version_key, default="")
        return Release(version.removeprefix("v"), commit) if commit and version_key(version) else None


def _what_counts(repository: Snapshot) -> str:
    """Return what tells repositories apart whose plans differ: nothing else of them is looked at.

    That is what lies below `.github/`, the names at the top that are settings of a linter, whether there is a
    file that was committed for Binder, and whether the name begins as those of base images do.
    """
    hashed = hashlib.sha256(b"%d" % repository.full_name.rpartition("/")[2].startswith("base-"))
    hashed.update(b"%d" % repository.full_name.endswith("-image"))
    for path, content in sorted(repository.files.items()):
        if path.startswith(".github/"):
            hashed.update(b"%d:%s%d:%s" % (len(path), path.encode(), len(content), content))
        elif path == BINDER_FILE or ("/" not in path and path.endswith((".yaml", ".yml", "lint"))):
            hashed.update(b"%d:%s" % (len(path), path.encode()))
    return hashed.hexdigest()
