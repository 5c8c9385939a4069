"""What a repository's pipeline is configured to do, whatever workflow it is written in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hub_image_actions.fleet.migration.account import Account, Fate
from hub_image_actions.fleet.workflows.workflow_file import Scalar, WorkflowFile

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass(frozen=True)
class Origin:
    """Where a setting is written today.

    Args:
        file: the workflow's path.
        line: the line in it.
        text: what stands there.
        start: where its value begins in the file, counted from 0; -1 where it is not the value of an entry.
    """

    file: str
    line: int
    text: str
    start: int = field(default=-1, compare=False)


@dataclass(frozen=True)
class LeftOut:
    """Something that a repository does today and the new workflows do not.

    Args:
        what: what it is.
        why: why it is left out.
        remedy: what a person can do about it.
        file: the workflow that has it.
        line: the line in it.
    """

    what: str
    why: str
    remedy: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Extra:
    """A step or a job of the repository's own, carried over as it is written.

    Args:
        name: what it is called.
        source: its lines, not indented.
        origin: where it is today.
        place: the job that a step goes to (`build`, `bump` or `test`), or a job's workflow (`push`, `test`).
        after: for a step, whether it stands behind the build or the bump.
    """

    name: str
    source: str
    origin: Origin
    place: Literal["build", "bump", "test", "push"]
    after: bool = False


@dataclass(frozen=True)
class PipelineConfiguration:
    """What is carried over: values as they stand in a workflow, literal or `${{ … }}`; empty for our default.

    Args:
        variant: what kind of workflow it was read from, for people.
        image: the image's name.
        hub: the hub's name.
        bump: whether the hubs are moved: `always`, `with hub` (only where a hub is named) or `never`.
        registry: the registry's host.
        registry_username: the user of its login.
        registry_password: the password or key of its login.
        provider: the workload identity provider, for a login without a key.
        service_account: its service account.
        app: the GitHub App's id.
        private_key: the App's key.
        tokens: tokens for the deployments, in the order in which they are tried.
        deployments: the deployments repository, `owner/name`.
        base_branch: its branch.
        paths: its folders.
        author_name: who commits there.
        author_email: and their address.
        branches: the branches whose pushes are built.
        tags: the tags whose pushes are built.
        no_branches: the branches whose pushes are not built.
        no_tags: the tags whose pushes are not built.
        ignored: the paths that build nothing.
        only: the paths that alone build something.
        triggers: other events, as written below `on`.
        pull_ignored: for pull requests, the paths that build nothing.
        pull_only: the paths that alone build something.
        pull_branches: the branches that pull requests are built for.
        pull_no_branches: the branches that pull requests are not built for.
        pull_types: what happens to pull requests that are built.
        pull_triggers: other events of the test, as written below `on`.
        condition: the condition that the whole pipeline has.
        runs_on: the machine.
        timeout: the minutes that a build may take.
        build: inputs of the build, both for pushes and for pull requests.
        publish: inputs of the build for pushes.
        test: inputs of the build for pull requests.
        steps: steps of the repository's own.
        jobs: jobs of the repository's own.
        environment: variables that carried steps use, by job.
        checkout: inputs of the step that checks the repository out, by job.
        job_keys: what else jobs have, by job: lines as they are written, by key.
        needs: jobs of the repository's own that a job waits for, by job.
        rights: rights that steps of the repository's own need, by job.
        pull_requests: whether a workflow that pushes also builds for pull requests.
        push_name: the name that the workflow of the push keeps, as another one waits for it.
        test_name: the same for the test.
        lint: the command that checks YAML files.
        urlpath: what the badge opens.
        binder_cache: `true` where Binder pulls what was pushed.
        prebuilt: the branch, tag or commit that mybinder.org is asked to build.
        origins: where each of these is written today.
    """

    variant: str = ""
    image: str = ""
    hub: str = ""
    bump: Literal["always", "with hub", "never"] = "always"
    registry: str = ""
    registry_username: str = ""
    registry_password: str = ""
    provider: str = ""
    service_account: str = ""
    app: str = ""
    private_key: str = ""
    tokens: tuple[str, ...] = ()
    deployments: str = ""
    base_branch: str = ""
    paths: tuple[str, ...] = ()
    author_name: str = ""
    author_email: str = ""
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    no_branches: tuple[str, ...] = ()
    no_tags: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    pull_ignored: tuple[str, ...] = ()
    pull_only: tuple[str, ...] = ()
    pull_branches: tuple[str, ...] = ()
    pull_no_branches: tuple[str, ...] = ()
    pull_types: tuple[str, ...] = ()
    pull_triggers: tuple[str, ...] = ()
    condition: str = ""
    runs_on: str = ""
    timeout: str = ""
    build: Mapping[str, str] = field(default_factory=dict)
    publish: Mapping[str, str] = field(default_factory=dict)
    test: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Extra, ...] = ()
    jobs: tuple[Extra, ...] = ()
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    checkout: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    job_keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rights: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    pull_requests: bool = False
    push_name: str = ""
    test_name: str = ""
    lint: str = ""
    urlpath: str = ""
    binder_cache: str = ""
    prebuilt: str = ""
    origins: Mapping[str, Origin] = field(default_factory=dict)


class Reading:
    """What has been read so far, and what cannot be carried over."""

    def __init__(self, repository: str, workflows: Mapping[str, WorkflowFile]) -> None:
        self.repository = repository
        self.workflows = workflows
        self.values: dict[str, Any] = {}
        self.origins: dict[str, Origin] = {}
        self.left_out: list[LeftOut] = []
        self.replaced: list[tuple[Origin, str, str]] = []
        self.notes: list[str] = []
        self.obstacles: list[LeftOut] = []
        self.account = Account(workflows.values())

    @property
    def base_image(self) -> bool:
        """Whether the repository is called `base-*-image`: some pipelines build those in another way."""
        name = self.repository.rpartition("/")[2]
        return name.startswith("base-") and name.endswith("-image")

    def take(self, field_name: str, value: str | tuple[str, ...], origin: Origin) -> None:
        """Keep a setting, unless it is empty or one was found before."""
        if value and not self.values.get(field_name):
            self.values[field_name] = value
            self.origins[field_name] = origin
        # Another value than the one that is kept would be lost without a word.
        if not value or self.values[field_name] == value:
            self.settle(origin, "carried", field_name)

    def add(self, field_name: str, key: str, value: str, origin: Origin) -> None:
        """Keep an input of the build, or a variable of a job."""
        if value and key not in self.values.setdefault(field_name, {}):
            self.values[field_name][key] = value
            self.origins[f"{field_name}.{key}"] = origin
        if not value or self.values[field_name][key] == value:
            self.settle(origin, "carried", key)

    def put(self, field_name: str, place: str, key: str, value: str) -> None:
        """Keep an entry of one of the new jobs."""
        self.values.setdefault(field_name, {}).setdefault(place, {}).setdefault(key, value)

    def extend(self, field_name: str, *items: str | Extra) -> None:
        """Keep more items of a list, each once."""
        kept = self.values.get(field_name, ())
        self.values[field_name] = (*kept, *(item for item in items if item not in kept))

    def replace(self, origin: Origin, by: str, reason: str) -> None:
        """Tell what does in the new workflows what a part of the old one did."""
        self.replaced.append((origin, by, reason))
        self.settle(origin, "replaced", reason)

    def leave(self, origin: Origin, what: str, why: str, remedy: str) -> None:
        """Tell what is not carried over."""
        self.left_out.append(LeftOut(what, why, remedy, origin.file, origin.line))
        self.settle(origin, "left out", why)

    def refuse(self, origin: Origin, what: str, why: str) -> None:
        """Tell why the pipeline stays as it is: something cannot be read with certainty."""
        self.obstacles.append(
            LeftOut(
                f"the pipeline, for {what}",
                f"{why} The workflow stays as it is.",
                "See docs/migrating.md for the way by hand.",
                origin.file,
                origin.line,
            )
        )

    def settle(self, origin: Origin, fate: Fate, reason: str) -> None:
        """Say what becomes of the entry that a setting was read from."""
        if origin.start >= 0:
            self.account.settle_at(origin.file, origin.start, fate, reason)

    def configuration(self) -> PipelineConfiguration:
        """Return what was read."""
        return PipelineConfiguration(**self.values, origins=dict(self.origins))


def origin_of(file: WorkflowFile, scalar: Scalar) -> Origin:
    """Return where a scalar is written, with its line."""
    return Origin(file.path, scalar.line, line_of(file, scalar.line), scalar.start)


def origin_within(file: WorkflowFile, scalar: Scalar, text: str) -> Origin:
    """Return where a text stands within a scalar of several lines."""
    at = file.text.find(text, scalar.start, scalar.end)
    line = file.line(at) if at >= 0 else scalar.line
    return Origin(file.path, line, line_of(file, line))


def line_of(file: WorkflowFile, line: int) -> str:
    """Return a line of a file, without its indentation."""
    return file.text.split("\n")[line - 1].strip()


def tidy(value: str) -> str:
    """Return a value with its expressions spaced as ours are: `${{ vars.IMAGE }}`."""
    return _EXPRESSION.sub(r"${{ \1 }}", value.strip())


def inner(value: str) -> str:
    """Return what stands in an expression, or a text, with or without expressions in it, as one.

    Source: `format` in https://docs.github.com/en/actions/reference/workflows-and-actions/expressions.
    """
    match = _EXPRESSION.fullmatch(value.strip())
    if match and "${{" not in match[1]:
        return match[1]
    # Every other piece is an expression.
    first, *others = _EXPRESSION.split(value)
    expressions = others[::2]
    if not expressions:
        return _literal(first)
    texts = [text.replace("{", "{{").replace("}", "}}") for text in (first, *others[1::2])]
    filled = "".join(f"{text}{{{number}}}" for number, text in enumerate(texts[:-1]))
    return f"format({', '.join((_literal(filled + texts[-1]), *expressions))})"


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
