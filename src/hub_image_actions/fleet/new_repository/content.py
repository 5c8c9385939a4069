"""The files of a new repository, and the rules of its default branch."""

from collections.abc import Iterator, Mapping, Sequence

from hub_image_actions import guide, markdown
from hub_image_actions.fleet.new_repository.filling import filling
from hub_image_actions.fleet.new_repository.step import Site, Status, Step
from hub_image_actions.fleet.workflows.runs import (
    checks_that_always_report,
    checks_that_may_not_report,
    read_workflows,
)
from hub_image_actions.github.commits import FILE, PROGRAM
from hub_image_actions.github.proposal import Proposal, propose
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.settings import Hidden, default_branch_ruleset, seen
from hub_image_actions.github.snapshot import EmptyRepository, Snapshot, snapshot

RULESET = "default branch"
_RULES = f"{guide.SET_UP}#7-rules-for-main"
_NAMING = "name-the-hub"


class RepositoryContent:
    """The steps that fill in the files of a repository, and guard the branch that they are on.

    Args:
        site: the repository in the making.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def files(self) -> Snapshot | None:
        """Return the repository's files; None where it has none yet, or is not there."""
        if self._site.about is None:
            return None
        try:
            return snapshot(self._site.github, self._site.full_name)
        except EmptyRepository:
            return None

    def fill_in(self, content: Snapshot) -> Iterator[Step]:
        """Yield the steps that write the hub's name, and the base image, into files that are there."""
        filled = filling(self._site, content.files)
        yield from filled.left
        if filled.files:
            yield self._written(content, filled.files, filled.text)
        else:
            yield Step("there", "the hub's name in the files", self._site.page(""))

    def _written(self, content: Snapshot, files: Mapping[str, bytes], text: str) -> Step:
        """Write files, by a commit on the default branch or, where it takes none, by a pull request."""
        branch = content.default_branch
        if not self._site.apply:
            return Step("to do", text, self._site.page(""))
        if self._site.settings.rules(branch).pull_request:
            return self._proposed_files(content, files, text)
        commits = Repository(self._site.github, self._site.full_name).commits
        parent = commits.branch_commit(branch)
        _, base = commits.commit_and_tree(parent)
        modes = {path: PROGRAM if path in content.programs else FILE for path in files}

        def commit_it() -> None:
            tree = commits.create_tree(files, base=base, modes=modes)
            commit = commits.create_commit(f"Fill in {text}", tree, [parent])
            commits.set_branch(branch, commit, exists=True, force=False)

        return self._site.step(text, commit_it, "Contents: write", self._site.page(""))

    def _proposed_files(self, content: Snapshot, files: Mapping[str, bytes], text: str) -> Step:
        marker = markdown.marker("new repository")
        proposal = Proposal(_NAMING, "Fill in the hub's name", f"Fills in {text}.", marker, files)
        proposed = propose(self._site.github, content, proposal, apply=True)
        status: Status = "there" if proposed.status == "unchanged" else "done"
        return Step(status, f"pull request that fills in {text}", proposed.pull.url if proposed.pull else "")

    def guard(self, content: Snapshot) -> Iterator[Step]:
        """Yield the steps that have the default branch take pull requests only."""
        branch, page = content.default_branch, self._site.page("settings/rules")
        workflows, _ = read_workflows(content.files)
        always = checks_that_always_report(workflows, branch)
        text = f"{branch} takes pull requests only{_with_checks(always)}"
        there = None
        if self._site.about and content.full_name.lower() == self._site.full_name.lower():
            there = seen(
                f"the rules of {branch}", "Contents: read", lambda: self._site.settings.rules(branch)
            )
        if isinstance(there, Hidden):
            yield Step("yours", f"{text}. The token may not look: {there.said}", page)
        elif there and there.pull_request and set(always) <= set(there.checks):
            yield Step("there", text, page)
        elif there and self._site.settings.ruleset(RULESET):
            yield Step("yours", f"{text}: somebody changed the ruleset {RULESET!r}; see what is meant", page)
        else:
            ruleset = default_branch_ruleset(RULESET, always)
            yield self._site.step(
                text, lambda: self._site.settings.create_ruleset(ruleset), "Administration: write", page
            )
        if sometimes := checks_that_may_not_report(workflows, branch):
            named = " and ".join(map(repr, sometimes))
            reason = "some pull requests never get it and would wait for ever; delete `paths-ignore` first"
            yield Step("yours", f"require {named}, if you want: {reason}", _RULES)


def _with_checks(checks: Sequence[str]) -> str:
    if not checks:
        return ""
    return f", with the {'checks' if len(checks) > 1 else 'check'} {' and '.join(map(repr, checks))}"
