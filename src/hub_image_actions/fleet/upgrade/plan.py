"""What a repository becomes at a version: pins moved, template files current, an old pipeline migrated.

Everything is planned from bytes, and nothing is written here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from hub_image_actions.fleet.migration import adaptation, reading
from hub_image_actions.fleet.migration.configuration import LeftOut, Origin, PipelineConfiguration
from hub_image_actions.fleet.migration.draft import Draft, TemplateUnknown
from hub_image_actions.fleet.migration.reading import Legacy
from hub_image_actions.fleet.upgrade.reasons import reason_for
from hub_image_actions.fleet.workflows.pins import (
    OURS,
    Move,
    Style,
    Target,
    move_pins,
    pin_as,
    pin_others,
    pins_of,
)
from hub_image_actions.fleet.workflows.template_files import (
    History,
    Recognised,
    read_history,
    recognise,
    with_newer_pins,
    with_pins_of,
    workflows_of,
)
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS, WorkflowFile, WorkflowUnreadable

PUSH, TEST, ROLLBACK = "build-push-open-pr.yaml", "test.yaml", "rollback.yaml"
LINT, BINDER, COMMENT = "yaml-lint.yaml", "binder.yaml", "comment.yaml"
# What repo2docker-action wrote, and deleted before it built.
BINDER_FILE = "binder/Dockerfile"
# Settings that matter only where hubs are moved.
_OF_BUMP = {
    "hub",
    "app",
    "private_key",
    "tokens",
    "deployments",
    "base_branch",
    "paths",
    "author_name",
    "author_email",
}
_SUFFIXES = (".yaml", ".yml")
_NEED_IMAGE = {"${{ vars.IMAGE }}", "${{ vars.IMAGE || '' }}"}
_YAMLLINT = (".yamllint.yaml", ".yamllint.yml", ".yamllint")
_DEPENDABOT = (".github/dependabot.yml", ".github/dependabot.yaml")
_ZIZMOR = (".github/zizmor.yml", ".github/zizmor.yaml", "zizmor.yml", "zizmor.yaml")


@dataclass(frozen=True)
class Change:
    """One thing that is another than before, or stands elsewhere.

    Args:
        file: the workflow that has it today; empty for what is new.
        line: the line in it.
        before: what stands there.
        new_file: the file that has it afterwards; empty for what is gone.
        new_line: the line in it; 0 where it is the file as a whole.
        after: what stands there.
        reason: why.
    """

    file: str
    line: int
    before: str
    new_file: str
    new_line: int
    after: str
    reason: str

    @property
    def what(self) -> str:
        """The change in one line."""
        return f"{self.before or '(new)'} → {self.after or '(gone)'}"


@dataclass(frozen=True)
class Migration:
    """What a repository becomes.

    Args:
        files: path → new content, or None for a file that goes.
        changes: what changes, and why.
        left_out: what is done today and will not be, and what a person can do about it.
        variables: variables that must be set before: name → value, or `ask` where only a person knows it.
        unpinned: other people's actions at a version that can move, as `owner/name@v3`: with their commits in
            :attr:`Target.others`, a second plan pins them.
        notes: what else a person should know before the merge.
        kind: what the repository was found to have, in words.
        before: the files that are replaced or go, as they are.
    """

    files: Mapping[str, bytes | None]
    changes: tuple[Change, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    unpinned: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    kind: str = ""
    before: Mapping[str, bytes] = field(default_factory=dict)


def plan_migration(
    files: Mapping[str, bytes],
    target: Target,
    template: Mapping[str, bytes],
    *,
    repository: str = "",
    history: History | None = None,
) -> Migration:
    """Return what brings a repository to a version.

    Args:
        files: the repository's files by path; those below `.github/` and the names of others count.
        target: the release to bring it to, and whose actions are meant.
        template: the template's files by path, of that release.
        repository: the repository's name, `owner/name`: some pipelines treat `base-*-image` in another way.
        history: the template's files of earlier releases; read from our own list where it is not given.

    Returns:
        The plan; without files where there is nothing to do.
    """
    ours = {path: _of_fork(content, target) for path, content in template.items()}
    past = read_history() if history is None else history
    return _Plan(_Planned(files, target, ours), repository, past).migration()


class _Adapt(Protocol):
    """How an adapter looks."""

    def __call__(self, draft: Draft, configuration: PipelineConfiguration, /) -> None: ...


class _Planned:
    """What a plan has come to so far.

    Args:
        present: the repository's files.
        target: the release to bring it to.
        template: the template's files of that release.
    """

    def __init__(self, present: Mapping[str, bytes], target: Target, template: Mapping[str, bytes]) -> None:
        self.present = present
        self.target = target
        self.template = template
        self.files: dict[str, bytes | None] = {}
        self.changes: list[Change] = []
        self.left_out: list[LeftOut] = []
        self.notes: list[str] = []
        self.unpinned: list[str] = []
        self.kinds: list[str] = []

    def put(self, path: str, content: bytes) -> None:
        """Have a file hold this content."""
        if self.present.get(path) != content:
            self.files[path] = content

    def change(self, origin: Origin, new_file: str, after: str, reason: str) -> Change:
        """Return the change that carries a setting from its old place to its new one."""
        content = self.files.get(new_file) or b""
        wanted = after.splitlines()[0] if after else ""
        lines = content.decode().splitlines()
        line = next((number for number, text in enumerate(lines, 1) if wanted and wanted in text), 0)
        return Change(origin.file, origin.line, origin.text, new_file, line, after, reason)


class _OwnFiles:
    """Workflows that use these actions already: copies of the template's, and others with pins of ours."""

    def __init__(self, planned: _Planned) -> None:
        self._planned = planned

    def update(self, file: WorkflowFile, found: Recognised) -> None:
        """Bring a copy of one of the template's files up to date; one that was edited gets new pins only."""
        if found.state == "edited":
            self.move(file)
            self._planned.kinds.append("an edited copy of the template")
            self._planned.notes.append(
                f"`{file.path}` was edited since it came from the template's `{found.name}`: only its pins "
                f"are moved. It differs from today's template so:\n\n{found.difference}"
            )
            return
        self._planned.kinds.append("the template")
        current = self._planned.template[f"{WORKFLOWS}{found.name}"]
        if found.state == "current":
            self.move(file)
            moved = self._planned.files.get(file.path) or self._planned.present[file.path]
            new, before = with_newer_pins(moved, current, file.path), "other actions' pins"
            after = "the template's newer ones"
        else:
            new = move_pins(
                with_pins_of(current, file, self._planned.target), self._planned.target, file.path
            ).content
            before = f"the template's {found.name} of {found.release}, unedited"
            after = f"the template's {found.name} of {self._planned.target.number}"
            moved = self._planned.present[file.path]
        if new != moved:
            self._planned.put(file.path, new)
            self._planned.changes.append(
                Change(file.path, 0, before, file.path, 0, after, reason_for("template"))
            )

    def add_comment(self, known: Mapping[str, Recognised]) -> None:
        """Add the workflow that keeps the comment where the template's own test may not."""
        path, names = f"{WORKFLOWS}{COMMENT}", {found.name for found in known.values()}
        tests = [found for found in known.values() if found.name == TEST and found.state != "edited"]
        if (
            not tests
            or COMMENT in names
            or path in self._planned.present
            or path not in self._planned.template
        ):
            return
        test = tests[0].path
        # Its pins, and what its text says of the image, are those of the test.
        file = WorkflowFile(test, self._planned.files.get(test) or self._planned.present[test])
        content = with_pins_of(self._planned.template[path], file, self._planned.target)
        styles = (pin.style for pin in pins_of(file, self._planned.target.repository))
        style = next((style for style in styles if style is not Style.OTHER), Style.MAJOR)
        self._planned.put(path, pin_as(content, style, self._planned.target, path))
        new, reason = "the template's file", reason_for("comment")
        self._planned.changes.append(Change("", 0, "", path, 0, new, reason))

    def move(self, file: WorkflowFile) -> None:
        """Move the pins of a workflow."""
        moved = move_pins(self._planned.present[file.path], self._planned.target, file.path)
        for move in moved.changed:
            self._planned.changes.append(_change_of(file.path, move, self._planned.target))
        for move in moved.left:
            self._planned.left_out.append(
                LeftOut(
                    f"the pin `{move.pin.uses}@{move.pin.ref}`",
                    f"It was not moved: {move.obstacle}.",
                    f"Pin it to `v{self._planned.target.number}` by hand if it is to follow.",
                    file.path,
                    move.pin.line,
                )
            )
        if moved.content != self._planned.present[file.path]:
            self._planned.put(file.path, moved.content)


class _OldPipeline:
    """An old pipeline on its way to the template's workflows."""

    def __init__(self, planned: _Planned) -> None:
        self._planned = planned

    def migrate(
        self, old: Legacy, workflows: Mapping[str, WorkflowFile], known: Mapping[str, Recognised]
    ) -> None:
        """Write what does the same from now on, and tell of it.

        Args:
            old: the old pipeline, as it was read.
            workflows: the repository's workflows by path.
            known: those of them that are the template's.
        """
        if not old.roles or self._refused(old, known):
            # What keeps a pipeline from being migrated is told, and what is dangerous in one that stays.
            self._planned.left_out += [] if old.roles else old.reading.left_out
            return
        self._planned.kinds.append(old.configuration.variant or "a part of a pipeline")
        drafts = self._drafts(old)
        for draft in drafts:
            self._planned.put(draft.path, self._pinned(draft, workflows))
            self._planned.left_out += draft.left_out
        for path in old.roles:
            self._planned.files.setdefault(path, None)
        if old.configuration.binder_cache:
            self._forget_binder_file()
        _tell_settings(self._planned, old, drafts)
        _tell_files(self._planned, old)
        self._planned.left_out += old.reading.left_out
        self._planned.notes += old.reading.notes
        self._add_companions(old)
        _note_what_changes(self._planned, old, workflows)

    def _forget_binder_file(self) -> None:
        """Delete what repo2docker-action committed for Binder, which repo2docker would build."""
        if BINDER_FILE in self._planned.present:
            self._planned.files[BINDER_FILE] = None
            reason = reason_for("binder_file")
            self._planned.changes.append(Change(BINDER_FILE, 0, "the file", "", 0, "deleted", reason))

    def _refused(self, old: Legacy, known: Mapping[str, Recognised]) -> bool:
        """Say whether there are two pipelines where one must be: then nothing is migrated."""
        names = {found.name for found in known.values()}
        pushes, tests = old.paths("push"), old.paths("test")
        twice = pushes if len(pushes) > 1 or (pushes and PUSH in names) else ()
        twice = twice or (tests if len(tests) > 1 or (tests and TEST in names) else ())
        for path in twice:
            self._planned.left_out.append(
                LeftOut(
                    "the old pipeline",
                    "There is more than one that does this, and which one counts cannot be seen.",
                    "Delete the one that is not needed, and run this again.",
                    path,
                    1,
                )
            )
        return bool(twice)

    def _drafts(self, old: Legacy) -> list[Draft]:
        """Return the new workflows, edited to do what the old ones do."""
        configuration = old.configuration
        drafts = []
        if old.paths("push"):
            drafts.append(self._draft(PUSH, configuration, adaptation.adapt_push))
            if configuration.bump != "never":
                drafts.append(self._draft(ROLLBACK, configuration, adaptation.adapt_rollback))
        if old.paths("test") or old.paths("unsafe") or configuration.pull_requests:
            test = self._draft(TEST, configuration, adaptation.adapt_test)
            if any(not path.endswith(reading.DISABLED) for path in old.paths("binder")):
                adaptation.adapt_binder(test, configuration)
            else:
                adaptation.leave_out_badge(test)
            drafts.append(test)
            drafts.append(self._draft(COMMENT, configuration, adaptation.adapt_comment))
        if old.paths("lint"):
            drafts.append(self._draft(LINT, configuration, adaptation.adapt_lint))
        for path in old.paths("binder")[:1]:
            suffix = next((end for end in reading.DISABLED if path.endswith(end)), "")
            draft = self._draft(BINDER, configuration, adaptation.adapt_binder)
            drafts.append(replace(draft, path=draft.path + suffix))
        return drafts

    def _draft(self, name: str, configuration: PipelineConfiguration, adapt: _Adapt) -> Draft:
        path = f"{WORKFLOWS}{name}"
        if path not in self._planned.template:
            raise TemplateUnknown(f"The template has no {path}.", "Use the release's own template.")
        draft = Draft(path, self._planned.template[path].decode())
        adapt(draft, configuration)
        return draft

    def _pinned(self, draft: Draft, workflows: Mapping[str, WorkflowFile]) -> bytes:
        styles = [
            pin.style for file in workflows.values() for pin in pins_of(file, self._planned.target.repository)
        ]
        style = next((style for style in styles if style is not Style.OTHER), Style.MAJOR)
        own = pin_as(draft.text.encode(), style, self._planned.target, draft.path)
        content, left = pin_others(own, self._planned.target, draft.path)
        self._planned.unpinned += [f"{pin.repository}@{pin.ref}" for pin in left]
        return content

    def _add_companions(self, old: Legacy) -> None:
        """Add the files that the new workflows need to be kept: where there is none of their kind."""
        wanted = [
            (_DEPENDABOT, ".github/dependabot.yml", "dependabot"),
            (_ZIZMOR, ".github/zizmor.yml", "zizmor"),
        ]
        if old.paths("lint"):
            wanted.append((_YAMLLINT, ".yamllint.yaml", "yamllint"))
        for names, path, why in wanted:
            if path in self._planned.template and not any(name in self._planned.present for name in names):
                self._planned.put(path, self._planned.template[path])
                self._planned.changes.append(
                    Change("", 0, "", path, 0, "the template's file", reason_for(why))
                )


class _Plan:
    """A plan in the making."""

    def __init__(self, planned: _Planned, repository: str, history: History) -> None:
        self._planned = planned
        self._repository = repository
        self._history = history

    def migration(self) -> Migration:
        workflows = dict(self._parsed())
        own = _OwnFiles(self._planned)
        names = workflows_of(self._planned.template)
        known = {
            path: found
            for path, file in workflows.items()
            if (found := recognise(file, names, self._history, self._planned.target.repository))
        }
        for path, file in workflows.items():
            if path in known:
                own.update(file, known[path])
            else:
                own.move(file)
        own.add_comment(known)
        others = {path: file for path, file in workflows.items() if path not in known}
        _OldPipeline(self._planned).migrate(reading.read(others, self._repository), workflows, known)
        return self._finished(workflows)

    def _parsed(self) -> Iterator[tuple[str, WorkflowFile]]:
        for path in sorted(self._planned.present):
            name = path.removesuffix(next((end for end in reading.DISABLED if path.endswith(end)), ""))
            if not path.startswith(WORKFLOWS) or not name.endswith(_SUFFIXES):
                continue
            try:
                yield path, WorkflowFile(path, self._planned.present[path])
            except WorkflowUnreadable as error:
                self._planned.left_out.append(
                    LeftOut("the file as it is", error.problem, error.remedy, path, error.line)
                )

    def _finished(self, workflows: Mapping[str, WorkflowFile]) -> Migration:
        if self._planned.unpinned:
            named = ", ".join(f"`{name}`" for name in dict.fromkeys(self._planned.unpinned))
            self._planned.notes.append(
                f"Carried over with a version that can move: {named}. Pin them by their commits."
            )
        return Migration(
            files=self._planned.files,
            changes=tuple(self._planned.changes),
            left_out=tuple(dict.fromkeys(self._planned.left_out)),
            variables=self._variables(workflows),
            unpinned=tuple(dict.fromkeys(self._planned.unpinned)),
            notes=tuple(dict.fromkeys(self._planned.notes)),
            kind=", ".join(dict.fromkeys(self._planned.kinds)) or "no pipeline that we know",
            before={
                path: self._planned.present[path]
                for path in self._planned.files
                if path in self._planned.present
            },
        )

    def _variables(self, workflows: Mapping[str, WorkflowFile]) -> Mapping[str, str]:
        """Return the variables that the new workflows cannot do without and that nothing named before."""
        named = {reference.name.upper() for file in workflows.values() for reference in file.references}
        needed = set()
        for path, content in self._planned.files.items():
            if content is not None and path.startswith(WORKFLOWS):
                file = WorkflowFile(path, content)
                images = {step.inputs["image"].value for step in file.steps if "image" in step.inputs}
                needed |= {"IMAGE"} if images & _NEED_IMAGE else set()
        return dict.fromkeys(sorted(needed - named), "ask")


def _tell_settings(planned: _Planned, old: Legacy, drafts: list[Draft]) -> None:
    edits = [edit for draft in drafts for edit in draft.edits]
    for setting, origin in old.configuration.origins.items():
        if setting == "variant":
            continue
        own = [edit for edit in edits if edit.setting == setting]
        for edit in own[:1]:
            planned.changes.append(planned.change(origin, edit.file, edit.after, reason_for(setting)))
        if not own:
            of_bump = setting in _OF_BUMP or setting.startswith("job.bump.")
            moot = old.configuration.bump == "never" and of_bump
            after = "not needed: no hub is moved" if moot else "as the template has it"
            planned.changes.append(planned.change(origin, "", after, reason_for(setting)))
    for extra in (*old.configuration.steps, *old.configuration.jobs):
        own = [edit for edit in edits if edit.setting.endswith(f" {extra.name}")]
        if own:
            after, kept = own[0].after, reason_for("extra")
            planned.changes.append(planned.change(extra.origin, own[0].file, after, kept))


def _tell_files(planned: _Planned, old: Legacy) -> None:
    for origin, after, reason in old.reading.replaced:
        planned.changes.append(Change(origin.file, origin.line, origin.text, "", 0, after, reason))
    for path, role in old.roles.items():
        new = {"push": PUSH, "test": TEST, "unsafe": TEST, "lint": LINT, "binder": BINDER}[role]
        name = f"{WORKFLOWS}{new}"
        planned.changes.append(Change(path, 0, "the file", name, 0, "the template's file", reason_for(role)))

    for name, like in ((ROLLBACK, "bump"), (COMMENT, "test")):
        path = f"{WORKFLOWS}{name}"
        if path in planned.files and path not in planned.present:
            new = f"the template's file, configured as the {like} is"
            reason = reason_for(name.removesuffix(".yaml"))
            planned.changes.append(Change("", 0, "", path, 0, new, reason))


def _note_what_changes(planned: _Planned, old: Legacy, workflows: Mapping[str, WorkflowFile]) -> None:
    if old.paths("push"):
        planned.notes.append(
            "Merging this changes workflows, which are built like any other change: an image is pushed"
            + ("." if old.configuration.bump == "never" else ", and a pull request for the hubs is opened.")
        )
    if old.paths("test"):
        own = {extra.name for extra in old.configuration.jobs}
        jobs = [job.name for path in old.paths("test") for job in workflows[path].jobs]
        checks = ", ".join(f"`{name}`" for name in jobs if name not in own)
        planned.notes.append(
            f"A rule that requires the check {checks} must name `Build and test` from now on: see "
            "Settings, Rules."
        )
    elif not old.paths("unsafe") and old.paths("push") and not old.configuration.pull_requests:
        planned.notes.append(
            "Pull requests were not built, and are not: the template's `test.yaml` would do it."
        )


def _of_fork(content: bytes, target: Target) -> bytes:
    return (
        content.replace(OURS.encode(), target.repository.encode()) if target.repository != OURS else content
    )


def _change_of(path: str, move: Move, target: Target) -> Change:
    comment = f" # {move.pin.comment}" if move.pin.comment else ""
    before = f"uses: {move.pin.uses}@{move.before}{comment}"
    new = f" # {target.like(move.pin.comment)}" if move.pin.comment else ""
    after = f"uses: {move.pin.uses}@{move.after}{new}"
    return Change(path, move.pin.line, before, path, move.pin.line, after, reason_for("pin"))
