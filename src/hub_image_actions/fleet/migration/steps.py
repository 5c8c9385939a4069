"""Steps of an old workflow: what each is for, wherever it stands."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from hub_image_actions.fleet.migration.configuration import Origin, Reading, line_of, origin_of, tidy
from hub_image_actions.fleet.workflows.workflow_file import Job, Step, WorkflowFile

REPO2DOCKER = "jupyterhub/repo2docker-action"
_DOCKER_BUILD = re.compile(r"\bdocker\s+(?:image\s+|buildx\s+)?build\b")
_DOCKER_PUSH = re.compile(r"\bdocker\s+(?:image\s+)?push\b|\bbuild\b[^\n]*\s--push\b")
_DOCKER_TAG = re.compile(r"\bdocker\s+(?:image\s+)?tag\b")
# A word in a message, or what Kubernetes calls a deployment, is none of the hubs' repository.
_SEARCHES = re.compile(r"\b(?:sed|grep|find|yq|perl|awk|cp|cd|git (?:-C|add|mv))\b")
_FOLDER = re.compile(r"(?<![\w.-])deployments(?![\w.-])")
_COMMITS = re.compile(r"\bgh pr (?:new|create)\b|\bgit (?:-C \S+ )?(?:commit|push|checkout -b|config)\b")
_TIDYING = re.compile(
    r"(?:sudo )?(?:rm -rf|df|du|docker (?:system|image|builder|volume) prune|"
    r"apt-get (?:clean|autoremove|remove|purge))\b"
)
_SAYS = re.compile(r"\s*(?:#|echo\b|printf\b)")
_MESSAGE = re.compile(r"(?:echo|printf|:)\b|(?:if|then|else|elif|fi)\b|\[\[")
_OUTPUT = re.compile(r"GITHUB_OUTPUT|::set-output")
_FOR_PULL_REQUESTS = re.compile(
    r"\$\{\{\s*(?:github\.event_name\s*[!=]=\s*'pull_request'|github\.event_name\s*[!=]=\s*'push')\s*\}\}"
)
_DISK_ACTIONS = (
    "jlumbroso/free-disk-space",
    "easimon/maximize-build-space",
    "endersonmenezes/free-disk-space",
)
_CHANGED_ACTIONS = ("tj-actions/changed-files", "dorny/paths-filter")
_SETUP_ACTIONS = (
    "docker/setup-buildx-action",
    "docker/setup-qemu-action",
    "google-github-actions/setup-gcloud",
)
_APP_ACTIONS = ("actions/create-github-app-token", "tibdex/github-app-token")


class Kind(Enum):
    """What a step does."""

    CHECKOUT = auto()
    HEAD = auto()
    TIDYING = auto()
    CHANGES = auto()
    SETUP = auto()
    LOGIN = auto()
    KEYLESS = auto()
    BUILD = auto()
    NATIVE = auto()
    RETAG = auto()
    APP = auto()
    DEPLOYMENTS = auto()
    DEPLOY = auto()
    MESSAGE = auto()
    EXTRA = auto()


# What each kind that is not carried over has in its place.
INSTEAD = {
    Kind.TIDYING: "`free-disk-space: auto` of the build deletes what no build uses, where room is short.",
    Kind.CHANGES: "`paths-ignore` decides whether a push is built, before a machine starts.",
    Kind.SETUP: "The build uses the engine's own builder.",
    Kind.RETAG: "`tag` and `extra-tags` of the build name the image, and push it once.",
    Kind.DEPLOY: "`bump-datahub-tag` finds every reference, checks that the tag is there, and can run again.",
    Kind.DEPLOYMENTS: "`bump-datahub-tag` fetches the deployments itself.",
    Kind.MESSAGE: "The actions say what happened.",
    Kind.HEAD: "For a pull request the template's step checks out what the merge would give.",
    Kind.CHECKOUT: "The template's step does it, and leaves no token behind.",
}


@dataclass(frozen=True)
class Place:
    """A step with what is around it."""

    file: WorkflowFile
    job: Job
    step: Step
    kind: Kind

    @property
    def origin(self) -> Origin:
        """Where the step is written."""
        return Origin(self.file.path, self.step.line, line_of(self.file, self.step.line))

    @property
    def way(self) -> tuple[str | int, ...]:
        """The keys that lead to the step in its file."""
        return ("jobs", self.job.name, "steps", self.step.index)

    def input(self, name: str) -> str:
        """Return one of its inputs, with the job's variables put in."""
        found = self.step.inputs.get(name)
        return resolved(found.value, self) if found else ""

    def input_origin(self, name: str) -> Origin:
        """Return where one of its inputs is written."""
        return origin_of(self.file, self.step.inputs[name])


def resolved(value: str, place: Place) -> str:
    """Return a value with `env.X` of the job, and of the workflow, replaced by what stands there."""
    scopes = [place.step.env, place.job.env, place.file.env]

    def put(match: re.Match[str]) -> str:
        found = next((scope[match[1]] for scope in scopes if match[1] in scope), None)
        return found.value if found else match[0]

    return tidy(re.sub(r"\$\{\{\s*env\.(\w+)\s*\}\}", put, value))


def kind_of(step: Step) -> Kind:
    """Return what a step does."""
    return _kind_of_action(step) if step.action else _kind_of_run(step.value("run"))


def is_pipeline(job: Job) -> bool:
    """Say whether a job builds an image or moves hubs."""
    return builds(job) or moves_hubs(job)


def moves_hubs(job: Job) -> bool:
    """Say whether a job commits to deployments: other commits and pull requests are the repository's own."""
    named = any(_names_deployments(step) for step in job.steps)
    return named and any(kind_of(step) in {Kind.DEPLOY, Kind.DEPLOYMENTS} for step in job.steps)


def _names_deployments(step: Step) -> bool:
    """Say whether a step fetches deployments, or does something in their folder."""
    if step.action:
        return any("deployments" in scalar.value for scalar in step.inputs.values())
    return _works_in_deployments(step.value("run"))


def _works_in_deployments(run: str) -> bool:
    for line in run.splitlines():
        # What is only said, or handed on by a pipe, is no work in a folder.
        for command in re.split(r"[|;&]", line):
            folder = _FOLDER.search(command)
            if folder and _SEARCHES.search(command, 0, folder.start()) and not _SAYS.match(command):
                return True
    return False


def pushes(job: Job) -> bool:
    """Say whether a job builds an image and pushes it."""
    return any(_pushes(step, job) for step in job.steps)


def builds(job: Job) -> bool:
    """Say whether a job builds an image."""
    return any(kind_of(step) in {Kind.BUILD, Kind.NATIVE} for step in job.steps)


def fetches_head(job: Job) -> bool:
    """Say whether a job checks out a pull request's own code, by name."""
    return any(kind_of(step) is Kind.HEAD for step in job.steps)


def places(file: WorkflowFile, job: Job, reading: Reading) -> list[Place]:
    """Return the steps that this repository runs: of steps for `base-*-image` and for others, its own."""
    found = [Place(file, job, step, kind_of(step)) for step in job.steps]
    return [place for place in found if applies(place.step.value("if"), reading)]


def depends(value: str) -> bool:
    """Say whether a switch depends on something."""
    return "${{" in value


def spares_pull_requests(value: str) -> bool:
    """Say whether a switch only keeps pull requests from pushing."""
    return bool(_FOR_PULL_REQUESTS.fullmatch(value.strip()))


def _kind_of_action(step: Step) -> Kind:
    action = step.action
    if action == "actions/checkout":
        if "head" in step.inputs.get("ref", step.values["uses"]).value or _foreign_head(step):
            return Kind.HEAD
        return Kind.DEPLOYMENTS if "repository" in step.inputs else Kind.CHECKOUT
    if action == "docker/build-push-action":
        return Kind.NATIVE
    if action == "peter-evans/create-pull-request":
        return Kind.DEPLOY
    named = {
        REPO2DOCKER: Kind.BUILD,
        "docker/login-action": Kind.LOGIN,
        "google-github-actions/auth": Kind.KEYLESS,
        **dict.fromkeys(_DISK_ACTIONS, Kind.TIDYING),
        **dict.fromkeys(_CHANGED_ACTIONS, Kind.CHANGES),
        **dict.fromkeys(_SETUP_ACTIONS, Kind.SETUP),
        **dict.fromkeys(_APP_ACTIONS, Kind.APP),
    }
    return named.get(action, Kind.EXTRA)


def _foreign_head(step: Step) -> bool:
    return "repository" in step.inputs and "head" in step.inputs["repository"].value


def _kind_of_run(run: str) -> Kind:
    lines = [line.strip() for line in run.splitlines() if line.strip() and not line.strip().startswith("#")]
    tests = (
        (Kind.NATIVE, bool(_DOCKER_BUILD.search(run))),
        (Kind.RETAG, bool(_DOCKER_TAG.search(run) or _DOCKER_PUSH.search(run))),
        (Kind.SETUP, "gcloud auth configure-docker" in run),
        (Kind.DEPLOY, bool(_COMMITS.search(run)) or _works_in_deployments(run)),
        (Kind.TIDYING, bool(lines) and all(_TIDYING.match(line) for line in lines)),
        (Kind.MESSAGE, bool(lines) and all(_MESSAGE.match(line) for line in lines) and _harmless(run)),
    )
    return next((kind for kind, holds in tests if holds), Kind.EXTRA)


def _harmless(run: str) -> bool:
    """Say whether a step that only prints does so to the log, or to an output that ours has as well."""
    written = [line for line in run.splitlines() if ">>" in line or "> " in line]
    return all(_OUTPUT.search(line) for line in written)


def applies(condition: str, reading: Reading) -> bool:
    """Say whether a step or job runs here, as far as its condition asks for the repository's name."""
    if "'base-'" not in condition:
        return True
    return reading.base_image != ("!(" in condition.replace(" ", ""))


def _pushes(step: Step, job: Job) -> bool:
    kind = kind_of(step)
    if kind is Kind.BUILD:
        off = step.inputs.get("NO_PUSH")
        return not off or off.value.strip().lower() not in {"true", "1", "yes"}
    if kind is Kind.NATIVE and step.action:
        return step.inputs["push"].value.strip() != "false" if "push" in step.inputs else False
    pushed = any(_DOCKER_PUSH.search(other.value("run")) for other in job.steps)
    return kind is Kind.NATIVE and pushed
