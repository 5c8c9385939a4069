"""What the texts of a workflow come to in a repository: by its variables, its secrets and `env`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub_image_actions.fleet.workflows.expressions import Look, Unsaid, Value, holds, value_of
from hub_image_actions.fleet.workflows.workflow_file import Job, Scalar, Step, WorkflowFile

# Outside of strings, an expression names nothing else in this way.
_NAMED = re.compile(
    r"\b(?P<context>secrets|vars|env)(?:\.|\[')(?P<name>[A-Za-z_][A-Za-z0-9_]*)", re.IGNORECASE
)
# What every job has: https://docs.github.com/en/actions/concepts/security/github_token.
JOBS_TOKEN = "GITHUB_TOKEN"  # noqa: S105 - a name


@dataclass(frozen=True)
class Known:
    """What is known of a repository while its workflows run.

    Args:
        repository: the repository, ``owner/name``.
        variables: the variables by name; None where they are not known.
        secrets: the names of the secrets that it sees; None where they are not known.
        event: the event that starts the workflow; empty for any.
    """

    repository: str = ""
    variables: Mapping[str, str] | None = field(default_factory=dict)
    secrets: frozenset[str] | None = frozenset()
    event: str = ""

    def value(self, context: str, name: str) -> Value:
        """Return a variable, a secret or something of the run, as far as it is known."""
        if context == "vars":
            return Unsaid.UNKNOWN if self.variables is None else self.variables.get(name.upper(), "")
        if context == "secrets":
            if self.secrets is None:
                return Unsaid.UNKNOWN
            return Unsaid.FILLED if name.upper() in {*self.secrets, JOBS_TOKEN} else ""
        if context == "github":
            return self._of_the_run(name.lower())
        return Unsaid.UNKNOWN

    def _of_the_run(self, name: str) -> Value:
        values: dict[str, Value] = {
            "repository": self.repository,
            "repository_owner": self.repository.partition("/")[0],
            "event_name": self.event,
        }
        return values.get(name) or (Unsaid.FILLED if name in {"token", "actor"} else Unsaid.UNKNOWN)


@dataclass(frozen=True)
class Named:
    """A secret (``secrets``) or a variable (``vars``) that an expression names."""

    context: str
    name: str


class WorkflowValues:
    """The values of one workflow's texts.

    Args:
        file: the workflow.
        known: what is known of its repository.
    """

    def __init__(self, file: WorkflowFile, known: Known) -> None:
        self._file = file
        self._known = known
        self._running: dict[str, list[bool]] = {}

    def value(self, text: str, job: Job, step: Step | None = None) -> Value:
        """Return what a text comes to where a job, or one of its steps, has it."""
        return value_of(text, self._look(job, self._scopes(job, step)))

    def runs(self, job: Job, step: Step | None = None) -> bool:
        """Say whether a job and its step may run: whether no condition is known to keep them."""
        if holds(job.value("if"), self._look(job, self._scopes(job, None)[1:])) is False:
            return False
        return step is None or self._running_steps(job)[step.index]

    def named(self, text: str, job: Job, step: Step | None = None) -> tuple[Named, ...]:
        """Return the secrets and variables that a text names, or that the `env` names which it reads."""
        return tuple(dict.fromkeys(_named(text, self._scopes(job, step))))

    def _running_steps(self, job: Job) -> list[bool]:
        """Return of each step whether it may run; a condition sees the steps above its own."""
        if job.name not in self._running:
            running = self._running[job.name] = []
            for step in job.steps:
                running.append(holds(step.value("if"), self._look(job, self._scopes(job, step))) is not False)
        return self._running[job.name]

    def _scopes(self, job: Job, step: Step | None) -> tuple[Mapping[str, Scalar], ...]:
        return (step.env if step else {}, job.env, self._file.env)

    def _look(self, job: Job, scopes: Sequence[Mapping[str, Scalar]]) -> Look:
        def look(way: Sequence[str]) -> Value:
            context, name = way[0].lower(), way[1] if len(way) > 1 else ""
            if context == "env":
                return self._of_env(name, job, scopes)
            if context == "steps":
                running = zip(job.steps, self._running_steps(job), strict=False)
                skipped = {step.value("id") for step, runs in running if not runs}
                return "" if name and name in skipped else Unsaid.UNKNOWN
            return self._known.value(context, name)

        return look

    def _of_env(self, name: str, job: Job, scopes: Sequence[Mapping[str, Scalar]]) -> Value:
        for number, scope in enumerate(scopes, 1):
            if name in scope:
                # What `env` says of itself is meant of the level above; all that is in it is text.
                value = value_of(scope[name].value, self._look(job, scopes[number:]))
                return str(value).lower() if isinstance(value, bool) else value
        # A step may have written it to the file GITHUB_ENV.
        return Unsaid.UNKNOWN


def _named(text: str, scopes: Sequence[Mapping[str, Scalar]]) -> list[Named]:
    found: list[Named] = []
    for match in _NAMED.finditer(text):
        context, name = match["context"].lower(), match["name"]
        if context != "env":
            found.append(Named(context, name.upper()))
            continue
        number = next((number for number, scope in enumerate(scopes) if name in scope), None)
        if number is not None:
            found += _named(scopes[number][name].value, scopes[number + 1 :])
    return found
