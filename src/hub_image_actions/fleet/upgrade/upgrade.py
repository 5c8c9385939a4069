"""One image repository on its way to a release: what it is, what it becomes, and the pull request for it."""

from dataclasses import replace

from hub_image_actions.fleet.upgrade.builds import Builds
from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.plan import Migration
from hub_image_actions.fleet.upgrade.planning import Plans
from hub_image_actions.fleet.upgrade.pull_request import (
    BRANCH,
    GREEN,
    MARKER,
    TO_SET,
    UpgradeProposal,
    digest_of,
    labels_of,
)
from hub_image_actions.fleet.upgrade.result import Listed, Result
from hub_image_actions.fleet.upgrade.waves import State
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.proposal import propose
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.snapshot import EmptyRepository, Snapshot, snapshot


class Upgrade:
    """Brings repositories to a release, each by one pull request.

    Args:
        github: who asks and proposes.
        goal: the release.
        apply: whether to write; without, it is only told what would be done.
        with_builds: whether the builds after the merge count.
    """

    def __init__(self, github: GitHub, goal: Goal, *, apply: bool, with_builds: bool) -> None:
        self._github = github
        self._goal = goal
        self._apply = apply
        self._with_builds = with_builds
        self._plans = Plans(github, goal)
        self._builds = Builds(github, goal.target.repository)
        self._pull_request = UpgradeProposal(github, goal)

    def newest(self, full_name: str) -> Listed | None:
        """Return the newest pull request of ours, open or not; one call.

        Raises:
            GitHubError: GitHub does not answer, or the token does not see the repository.
        """
        owner = full_name.partition("/")[0]
        listed = self._github.get(
            f"/repos/{full_name}/pulls", head=f"{owner}:{BRANCH}", state="all", per_page=100
        )
        ours = (item for item in listed if item["head"]["ref"] == BRANCH and MARKER in (item["body"] or ""))
        return next(map(Listed.from_json, ours), None)

    def is_merged(self, newest: Listed | None) -> bool:
        """Say whether a pull request has brought a repository to the release."""
        return bool(newest and newest.merged_at and newest.is_for(self._goal))

    def plan(self, full_name: str) -> Migration:
        """Return what a repository becomes; two calls, and nothing is written.

        Raises:
            ActionError: the repository is empty, or cannot be read.
        """
        return self._plans.plan(snapshot(self._github, full_name))

    def carry_out(self, full_name: str, newest: Listed | None, wave: str = "") -> Result:
        """Have one open pull request that brings a repository to the release, if it is not there yet.

        Args:
            full_name: the repository.
            newest: what :meth:`newest` returns for it.
            wave: the wave that it is in.

        Raises:
            ActionError: it cannot be done.
        """
        if newest and self._with_builds and self.is_merged(newest) and GREEN in newest.labels:
            return _of(newest, full_name, wave, "green", "merged, and built since")
        try:
            repository = snapshot(self._github, full_name)
        except EmptyRepository:
            return Result(full_name, "current", "nothing to do: it is empty", wave)
        plan = self._plans.plan(repository)
        if not plan.files:
            return self._unchanged(repository, newest, replace(_nothing(repository, plan), wave=wave))
        return self._changed(repository, newest, plan, wave)

    def _unchanged(self, repository: Snapshot, newest: Listed | None, nothing: Result) -> Result:
        if newest and newest.pull.is_open:
            status = f"{nothing.status}; #{newest.pull.number} can be closed"
            return replace(nothing, status=status, number=newest.pull.number, url=newest.pull.url)
        if newest and self._with_builds and self.is_merged(newest):
            pull = newest.pull
            built = self._builds.judged(
                replace(nothing, number=pull.number, url=pull.url), repository, newest
            )
            if built.state == "green" and self._apply:
                Repository(self._github, repository.full_name).issues.add_labels(pull.number, [GREEN])
            return built
        return nothing

    def _changed(self, repository: Snapshot, newest: Listed | None, plan: Migration, wave: str) -> Result:
        digest = digest_of(repository, plan)
        result = Result(repository.full_name, "open", "", wave, plan=plan)
        if newest and newest.has_plan(self._goal, digest):
            told = _of(newest, repository.full_name, wave, "declined", "")
            if newest.merged_at:
                return replace(told, state="undone", status="merged, and undone since", plan=plan)
            if not newest.pull.is_open:
                return replace(told, status="declined: the pull request was closed", plan=plan)
            if self._is_as_wanted(newest, wave):
                return replace(told, state="open", status="unchanged", plan=plan)
        missing = self._pull_request.missing(repository, plan)
        proposal = self._pull_request.of(repository, plan, digest, wave, missing)
        proposed = propose(self._github, repository, proposal, apply=self._apply)
        result = replace(result, missing=missing, status=proposed.status)
        if proposed.pull is None:
            return replace(result, state="waiting")
        result = replace(result, number=proposed.pull.number, url=proposed.pull.url)
        if not proposed.pull.is_open:
            return replace(result, state="declined", status="declined: the pull request was closed")
        return result

    def _is_as_wanted(self, newest: Listed, wave: str) -> bool:
        labels = {label.lower() for label in labels_of(wave)} <= newest.labels
        # What a person has to set may have been set since: then the text is written anew.
        return labels and newest.pull.title == self._pull_request.title and TO_SET not in newest.pull.body


def _nothing(repository: Snapshot, plan: Migration) -> Result:
    left = len(plan.left_out)
    status = f"nothing to do: {plan.kind}" + (f"; {left} left to you" if left else "")
    return Result(repository.full_name, "current", status, plan=plan)


def _of(newest: Listed, full_name: str, wave: str, state: State, status: str) -> Result:
    return Result(full_name, state, status, wave, newest.pull.number, newest.pull.url)
