"""The pull request that brings a repository to a release: its title, its text, its labels."""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote

from hub_image_actions import markdown
from hub_image_actions.errors import GitHubError
from hub_image_actions.fleet.upgrade.explanation import explain_markdown
from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.plan import Migration
from hub_image_actions.fleet.upgrade.result import note_of
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS, WorkflowFile
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.proposal import Proposal
from hub_image_actions.github.snapshot import Snapshot

BRANCH = "hub-image-actions/upgrade"
MARKER = markdown.marker("upgrade")
LABEL, GREEN = "hub-image-actions upgrade", "upgrade: green"
TO_SET = "To be set before the merge"
# GitHub takes 65,536 characters; the marker and a margin go on top.
_LONGEST = 60_000
_NEEDED = ("IMAGE", "HUB")
_FENCE = re.compile(r"`{3,}")


@dataclass(frozen=True)
class UpgradeProposal:
    """What the pull requests of an upgrade say.

    Args:
        github: who asks.
        goal: the release.
    """

    github: GitHub
    goal: Goal

    @property
    def title(self) -> str:
        """The title of all of them."""
        return f"Upgrade hub-image-actions to {self.goal.ref}"

    def of(
        self, repository: Snapshot, plan: Migration, digest: str, wave: str, missing: tuple[str, ...]
    ) -> Proposal:
        """Return the proposal for a repository.

        Args:
            repository: its files as they are.
            plan: what they become.
            digest: what tells this plan from others.
            wave: the wave that it is in.
            missing: the variables that have to be set before.
        """
        page = f"{self.github.server_url}/{self.goal.target.repository}/tree/{quote(self.goal.ref)}"
        parts = [
            f"Brings this repository to [hub-image-actions]({page}) {markdown.code(self.goal.ref)}.",
            self._to_set(repository, missing),
            explain_markdown(plan).strip(),
        ]
        body = _shortened("\n\n".join(filter(None, parts)))
        text = f"{body}\n\n{note_of(self.goal, digest)}"
        return Proposal(BRANCH, self.title, text, MARKER, plan.files, labels_of(wave))

    def _to_set(self, repository: Snapshot, missing: tuple[str, ...]) -> str:
        if not missing:
            return ""
        page = f"{self.github.server_url}/{repository.full_name}/settings/variables/actions"
        names = " and ".join(map(markdown.code, missing))
        return f"**{TO_SET}**: the variables {names}, in the {markdown.link('settings', page)}."

    # https://docs.github.com/en/rest/actions/variables#list-repository-variables
    def missing(self, repository: Snapshot, plan: Migration) -> tuple[str, ...]:
        """Return the variables that new workflows need and the repository has not; one call, if any."""
        ours = self.goal.target.repository.lower().encode()
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
            answer = self.github.get(f"/repos/{repository.full_name}/actions/variables", per_page=30)
        except GitHubError as error:
            if error.is_forbidden:
                # Not everybody who may propose a change may see them; the plan names those to look at.
                return ()
            raise
        there = {str(item["name"]).upper() for item in answer["variables"]}
        all_seen = answer["total_count"] <= len(answer["variables"])
        return tuple(name for name in wanted if name not in there) if all_seen else ()


def labels_of(wave: str) -> tuple[str, ...]:
    """Return the labels of a pull request in a wave; of one in none where it is empty."""
    return (LABEL, f"wave: {wave}") if wave else (LABEL,)


def digest_of(repository: Snapshot, plan: Migration) -> str:
    """Return what tells a plan from others: what its files are, and what they become."""
    hashed = hashlib.sha256()
    for path, content in sorted(plan.files.items()):
        for part in (path.encode(), repository.files.get(path), content):
            hashed.update(b"-" if part is None else b"%d:%s" % (len(part), part))
    return hashed.hexdigest()[:16]


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    cut = text[: text.rfind("\n\n", 0, _LONGEST)]
    return f"{cut}{_closing(cut)}\n\n… and more: the changes themselves tell it."


def _closing(text: str) -> str:
    """Return what ends a block of code, and what is folded away, so that neither swallows what comes next."""
    fence, folded = "", 0
    for line in text.splitlines():
        match = _FENCE.match(line)
        if fence:
            fence = "" if line == fence else fence
        elif match:
            fence = match[0]
        else:
            folded += line.startswith("<details>") - line.startswith("</details>")
    return f"\n{fence}" * bool(fence) + "\n\n</details>" * folded
