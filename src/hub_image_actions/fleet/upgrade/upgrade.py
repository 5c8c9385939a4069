"""One image repository on its way to a release: what it is, what it becomes, and the pull request for it."""

import hashlib
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import quote

from hub_image_actions import markdown
from hub_image_actions.errors import GitHubError
from hub_image_actions.fleet.upgrade.explanation import explain_markdown
from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.plan import Change, Migration, plan_migration
from hub_image_actions.fleet.upgrade.result import Listed, Result, note_of
from hub_image_actions.fleet.upgrade.waves import State, build_state, state_of_builds
from hub_image_actions.fleet.workflows.pins import Release, pins_of, version_key
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS, WorkflowFile, WorkflowUnreadable
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.proposal import Proposal, propose
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.snapshot import EmptyRepository, Snapshot, snapshot
from hub_image_actions.github.values import Json

BRANCH = "hub-image-actions/upgrade"
MARKER = markdown.marker("upgrade")
LABEL, GREEN = "hub-image-actions upgrade", "upgrade: green"
# GitHub takes 65,536 characters; the marker and a margin go on top.
_LONGEST = 60_000
_NEEDED = ("IMAGE", "HUB")
_PULL_EVENTS = {"pull_request", "pull_request_target"}


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
        self._plans: dict[str, Migration] = {}
        self._release_of = lru_cache(maxsize=None)(self._asked_release)

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
        return self._plan(snapshot(self._github, full_name))

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
        plan = self._plan(repository)
        if not plan.files:
            return self._unchanged(repository, newest, replace(_nothing(repository, plan), wave=wave))
        return self._changed(repository, newest, plan, wave)

    # ---- what there is to do

    def _plan(self, repository: Snapshot) -> Migration:
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

    # ---- a repository that is at the release

    def _unchanged(self, repository: Snapshot, newest: Listed | None, nothing: Result) -> Result:
        if newest and newest.pull.is_open:
            status = f"{nothing.status}; #{newest.pull.number} can be closed"
            return replace(nothing, status=status, number=newest.pull.number, url=newest.pull.url)
        if newest and self._with_builds and self.is_merged(newest):
            pull = newest.pull
            built = self._built(replace(nothing, number=pull.number, url=pull.url), repository, newest)
            if built.state == "green" and self._apply:
                Repository(self._github, repository.full_name).issues.add_labels(pull.number, [GREEN])
            return built
        return nothing

    def _built(self, result: Result, repository: Snapshot, newest: Listed) -> Result:
        """Return the result with what the builds say that were begun after the merge."""
        builders = self._builders(repository)
        if not builders:
            return replace(result, state="green", status="merged; nothing of ours builds an image there")
        runs = [self._runs(repository, file, newest) for file in builders]
        state = state_of_builds(build_state(map(_conclusion, one)) for one in runs)
        status = {
            "green": "merged, and built since",
            "building": "merged, and the build runs",
            "red": "merged, and the build failed",
        }.get(state, "merged, and not built since: run its workflow by hand")
        # A cancelled run is not the one to look at.
        pages = (run["html_url"] for one in runs for run in one if build_state([_conclusion(run)]) == state)
        page = "" if state == "green" else str(next(pages, ""))
        return replace(result, state=state, status=status, build=page)

    def _builders(self, repository: Snapshot) -> list[WorkflowFile]:
        """Return the workflows that build an image with our action for others than pull requests."""
        ours = self._goal.target.repository
        building = {ours.lower(), f"{ours.lower()}/build", f"{ours.lower()}/actions/build"}
        found = []
        for path, content in repository.files.items():
            if path.startswith(WORKFLOWS) and path.endswith((".yaml", ".yml")):
                try:
                    file = WorkflowFile(path, content)
                except WorkflowUnreadable:
                    # GitHub cannot run it either, and the plan has told of it.
                    continue
                uses = {pin.uses.lower() for pin in pins_of(file, ours)}
                if uses & building and set(file.triggers) - _PULL_EVENTS:
                    found.append(file)
        return found

    def _runs(self, repository: Snapshot, file: WorkflowFile, newest: Listed) -> list[Json]:
        name = file.path.removeprefix(WORKFLOWS)
        path = f"/repos/{repository.full_name}/actions/workflows/{quote(name)}/runs"
        try:
            runs = self._github.get(path, per_page=100)["workflow_runs"]
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                # GitHub knows a workflow some time after its file.
                return []
            raise
        push = file.triggers.get("push")
        tags = push is not None and "tags" in push.lists
        return [
            run
            for run in runs
            if (run["head_sha"] == newest.merge_commit or run["created_at"] >= newest.merged_at)
            and run["event"] not in _PULL_EVENTS
            # A pipeline that builds version tags names the tag where others name the branch.
            and (run["head_branch"] == repository.default_branch or (tags and run["event"] == "push"))
        ]

    # ---- a repository that is not

    def _changed(self, repository: Snapshot, newest: Listed | None, plan: Migration, wave: str) -> Result:
        digest = _digest(repository, plan)
        result = Result(repository.full_name, "open", "", wave, plan=plan)
        if newest and newest.has_plan(self._goal, digest):
            told = _of(newest, repository.full_name, wave, "declined", "")
            if newest.merged_at:
                return replace(told, state="undone", status="merged, and undone since", plan=plan)
            if not newest.pull.is_open:
                return replace(told, status="declined: the pull request was closed", plan=plan)
            if self._is_as_wanted(newest, wave):
                return replace(told, state="open", status="unchanged", plan=plan)
        missing = self._missing(repository, plan)
        proposal = self._proposal(repository, plan, digest, wave, missing)
        proposed = propose(self._github, repository, proposal, apply=self._apply)
        result = replace(result, missing=missing, status=proposed.status)
        if proposed.pull is None:
            return replace(result, state="waiting")
        result = replace(result, number=proposed.pull.number, url=proposed.pull.url)
        if not proposed.pull.is_open:
            return replace(result, state="declined", status="declined: the pull request was closed")
        return result

    def _is_as_wanted(self, newest: Listed, wave: str) -> bool:
        labels = {label.lower() for label in _labels(wave)} <= newest.labels
        # What a person has to set may have been set since: then the text is written anew.
        return labels and newest.pull.title == self._title and _TO_SET not in newest.pull.body

    @property
    def _title(self) -> str:
        return f"Upgrade hub-image-actions to {self._goal.ref}"

    def _missing(self, repository: Snapshot, plan: Migration) -> tuple[str, ...]:
        """Return the variables that new workflows need and the repository has not; one call, if any."""
        ours = self._goal.target.repository.lower().encode()
        new = [
            WorkflowFile(path, content)
            for path, content in plan.files.items()
            if path.startswith(WORKFLOWS)
            and content is not None
            # One that uses our actions already has its variables.
            and ours not in repository.files.get(path, b"").lower()
        ]
        named = {each.name.upper() for file in new for each in file.references if each.context == "vars"}
        wanted = [name for name in _NEEDED if name in named or name in plan.variables]
        if not wanted:
            return ()
        try:
            answer = self._github.get(f"/repos/{repository.full_name}/actions/variables", per_page=30)
        except GitHubError as error:
            if error.is_forbidden:
                # Not everybody who may propose a change may see them; the plan names those to look at.
                return ()
            raise
        there = {str(item["name"]).upper() for item in answer["variables"]}
        all_seen = answer["total_count"] <= len(answer["variables"])
        return tuple(name for name in wanted if name not in there) if all_seen else ()

    def _proposal(
        self, repository: Snapshot, plan: Migration, digest: str, wave: str, missing: tuple[str, ...]
    ) -> Proposal:
        lead = f"Brings this repository to [hub-image-actions]({self._page}) {markdown.code(self._goal.ref)}."
        parts = [lead, self._to_set(repository, missing), explain_markdown(plan).strip()]
        body = _shortened("\n\n".join(filter(None, parts)))
        text = f"{body}\n\n{note_of(self._goal, digest)}"
        return Proposal(BRANCH, self._title, text, MARKER, plan.files, _labels(wave))

    @property
    def _page(self) -> str:
        return f"{self._github.server_url}/{self._goal.target.repository}/tree/{quote(self._goal.ref)}"

    def _to_set(self, repository: Snapshot, missing: tuple[str, ...]) -> str:
        if not missing:
            return ""
        page = f"{self._github.server_url}/{repository.full_name}/settings/variables/actions"
        names = " and ".join(map(markdown.code, missing))
        return f"**{_TO_SET}**: the variables {names}, in the {markdown.link('settings', page)}."


_TO_SET = "To be set before the merge"


def _conclusion(run: Json) -> str | None:
    return str(run["conclusion"]) if run["status"] == "completed" else None


def _labels(wave: str) -> tuple[str, ...]:
    return (LABEL, f"wave: {wave}") if wave else (LABEL,)


def _digest(repository: Snapshot, plan: Migration) -> str:
    """Return what tells a plan from others: what its files are, and what they become."""
    hashed = hashlib.sha256()
    for path, content in sorted(plan.files.items()):
        for part in (path.encode(), repository.files.get(path), content):
            hashed.update(b"-" if part is None else b"%d:%s" % (len(part), part))
    return hashed.hexdigest()[:16]


def _what_counts(repository: Snapshot) -> str:
    """Return what tells repositories apart whose plans differ: nothing else of them is looked at.

    That is what lies below `.github/`, the names at the top that are settings of a linter, and whether the
    name begins as those of base images do.
    """
    hashed = hashlib.sha256(b"%d" % repository.full_name.rpartition("/")[2].startswith("base-"))
    hashed.update(b"%d" % repository.full_name.endswith("-image"))
    for path, content in sorted(repository.files.items()):
        if path.startswith(".github/"):
            hashed.update(b"%d:%s%d:%s" % (len(path), path.encode(), len(content), content))
        elif "/" not in path and path.endswith((".yaml", ".yml", "lint")):
            hashed.update(b"%d:%s" % (len(path), path.encode()))
    return hashed.hexdigest()


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    cut = text[: text.rfind("\n\n", 0, _LONGEST)]
    # What is folded away must not swallow the end.
    closing = "\n\n</details>" * (cut.count("<details>") - cut.count("</details>"))
    return f"{cut}{closing}\n\n… and more: the changes themselves tell it."


def _nothing(repository: Snapshot, plan: Migration) -> Result:
    left = len(plan.left_out)
    status = f"nothing to do: {plan.kind}" + (f"; {left} left to you" if left else "")
    return Result(repository.full_name, "current", status, plan=plan)


def _of(newest: Listed, full_name: str, wave: str, state: State, status: str) -> Result:
    return Result(full_name, state, status, wave, newest.pull.number, newest.pull.url)
