"""What is wrong with the credentials of workflows: those that they do not see, and those that others see."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from hub_image_actions import guide
from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.findings import Finding, in_order
from hub_image_actions.fleet.workflows.credentials import Credential, Purpose, credentials
from hub_image_actions.fleet.workflows.expressions import truth
from hub_image_actions.fleet.workflows.variables import GITHUBS_REGISTRY, REGISTRY_KEY
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile
from hub_image_actions.fleet.workflows.workflow_values import JOBS_TOKEN, Named
from hub_image_actions.github.settings import Hidden

_OF_PULL_REQUESTS = ("pull_request", "pull_request_target")
_SECRETS, _VARIABLES = "settings/secrets/actions", "settings/variables/actions"


def secrets(case: Case) -> Iterator[Finding]:
    """Find credentials that the workflows hand on and do not have, and a GitHub App without its key."""
    if isinstance(case.settings.secrets, Hidden):
        return
    by_file = [(file, credentials(file, case.known())) for file in case.workflows]
    found = in_order(one for file, given in by_file for one in _missing(case, file, given))
    # What has one remedy is told once, at its worst.
    told: dict[str, Finding] = {}
    for one in found:
        told.setdefault(one.fix, one)
    yield from told.values()
    handed = {name for _, given in by_file for one in given for name in one.secrets}
    named = case.named("secrets")
    for name in sorted(named.keys() - handed - case.settings.secrets - {JOBS_TOKEN}):
        yield _unseen(case, (name,), named[name])


def _missing(case: Case, file: WorkflowFile, found: Sequence[Credential]) -> Iterator[Finding]:
    for _, group in groupby(found, key=lambda one: (one.job.name, one.step and one.step.index)):
        given = tuple(group)
        yield from _app(case, file, given)
        for one in given:
            where = f"{file.path}:{one.line}"
            if not one.is_missing:
                continue
            if one.purpose == "registry":
                yield _registry(case, file, one)
            elif one.purpose == "deployments":
                if not _has(given, "app-key"):
                    yield _no_way(case, where)
            elif one.purpose in {"candidates", "other"}:
                yield _unseen(case, one.secrets, where)


def _app(case: Case, file: WorkflowFile, given: Sequence[Credential]) -> Iterator[Finding]:
    """Find an App that is named without its key, a key without an App, or neither of them."""
    app = next((one for one in given if one.purpose == "app" and one.runs), None)
    key = next((one for one in given if one.purpose == "app-key" and one.runs), None)
    if app is None or key is None or isinstance(case.settings.variables, Hidden):
        return
    where, fix = f"{file.path}:{key.line}", _share(case, key.secrets[0]) if key.secrets else ""
    if app.is_missing and key.is_missing:
        if not _has(given, "deployments"):
            yield _no_way(case, where)
    elif key.is_missing:
        named = (one.name for one in app.named if truth(case.known().value(one.context, one.name)))
        problem = f"names the GitHub App, but the workflows do not see its key, {' or '.join(key.secrets)}."
        yield case.finding("broken", "missing-secret", where, f"{next(named, 'A workflow')} {problem}", fix)
    elif app.is_missing:
        names = [f"the {_kind(one)} {one.name}" for one in app.named]
        yield case.finding(
            "broken",
            "missing-secret",
            f"{file.path}:{app.line}",
            f"The workflows see the key of a GitHub App, and nothing says of which: there is no "
            f"{' and no '.join(name.removeprefix('the ') for name in names)}.",
            f"Set {names[0]}: {case.page(_VARIABLES)}",
        )


def _has(given: Sequence[Credential], purpose: Purpose) -> bool:
    """Say whether one of the credentials is there."""
    return any(one.purpose == purpose and one.runs and truth(one.value) for one in given)


def _kind(one: Named) -> str:
    return "variable" if one.context == "vars" else "secret"


def _registry(case: Case, file: WorkflowFile, one: Credential) -> Finding:
    where = f"{file.path}:{one.line}"
    if not file.triggers.keys() - set(_OF_PULL_REQUESTS):
        return _unseen(case, one.secrets, where)
    by_variable = Named("vars", "REGISTRY") in one.named and not case.variables.get("REGISTRY")
    on_github = case.image is not None and case.image.registry == GITHUBS_REGISTRY
    fix = (
        f"gh variable set REGISTRY --repo {case.name} --body {GITHUBS_REGISTRY}, which takes the job's token."
        if by_variable and on_github
        else _share(case, one.secrets[0])
    )
    problem = f"The workflows do not see the secret {' or '.join(one.secrets)}"
    return case.finding(
        "broken", "missing-secret", where, f"{problem}, without which nothing can be pushed.", fix
    )


def _unseen(case: Case, names: Sequence[str], where: str) -> Finding:
    problem = f"The workflows do not see the secret {' or '.join(names)}."
    return case.finding("warning", "missing-secret", where, problem, _share(case, names[0]))


def _no_way(case: Case, where: str) -> Finding:
    """Return the finding that nothing opens the deployments, with the ways that the workflows know."""
    every = [one for file in case.workflows for one in credentials(file, case.known())]
    first = {purpose: next((one.named for one in every if one.purpose == purpose), ()) for purpose in _WAYS}
    app = [one[0].name for one in (first["app"], first["app-key"]) if one]
    tokens = [one.name for one in first["deployments"] if one.context == "secrets"]
    ways = [" and ".join(app), *tokens[:1]]
    return case.finding(
        "broken",
        "missing-secret",
        where,
        "The workflows see neither a GitHub App nor a token for the deployments: no hub can be moved.",
        f"Let them see {', or '.join(filter(None, ways))}: {case.page(_SECRETS)}",
    )


_WAYS: tuple[Purpose, ...] = ("app", "app-key", "deployments")


def _share(case: Case, name: str) -> str:
    owner, _, repository = case.name.partition("/")
    return (
        f"Where {owner} has it: {case.server_url}/organizations/{owner}/settings/secrets/actions, {name}, "
        f"add {repository}. Else: gh secret set {name} --repo {case.name}"
    )


def keys_of_pull_requests(case: Case) -> Iterator[Finding]:
    """Find workflows of pull requests that are given the key that pushes what hubs run."""
    production = _production_keys(case)
    for file in case.workflows:
        for event in _OF_PULL_REQUESTS:
            if event in file.triggers:
                handed = _handed(case, file, event, production)
                if handed:
                    yield _key_of_pull_requests(case, event, handed)


def _production_keys(case: Case) -> frozenset[str]:
    """Return the secrets that push: those that other events than pull requests give to a registry."""
    others = [file for file in case.workflows if file.triggers.keys() - set(_OF_PULL_REQUESTS)]
    given = (one for file in others for one in credentials(file, case.known()) if one.purpose == "registry")
    return frozenset({REGISTRY_KEY, *(name for one in given for name in one.secrets)}) - {JOBS_TOKEN}


def _handed(case: Case, file: WorkflowFile, event: str, keys: frozenset[str]) -> dict[str, list[str]]:
    """Return which of the keys a workflow of pull requests gets, with the places."""
    visible, handed = case.settings.secrets, dict[str, list[str]]()
    if not isinstance(visible, Hidden):
        keys = keys & visible
    for one in credentials(file, case.known(event)):
        # What is only asked is whether there is a key; an environment has rules of its own.
        if one.runs and not isinstance(one.value, bool) and "environment" not in one.job.keys:
            for name in keys.intersection(one.secrets):
                handed.setdefault(name, []).append(f"{file.path}:{one.line}")
    for job in file.jobs:
        if job.inherits and "environment" not in job.keys:
            for name in sorted(keys):
                handed.setdefault(name, []).append(f"{file.path}:{job.line}")
    return handed


def _key_of_pull_requests(case: Case, event: str, handed: dict[str, list[str]]) -> Finding:
    strangers = event == "pull_request_target"
    places = dict.fromkeys(place for found in handed.values() for place in found)
    who = "anybody" if strangers else "whoever may push a branch"
    names = " and ".join(sorted(handed))
    return case.finding(
        "broken" if strangers else "warning",
        "key-on-pull-requests",
        ", ".join(places),
        f"On {event}, a workflow is given {names}, which pushes what hubs run: {who} can push with it.",
        "Take it out, as in the template's test.yaml; images of pull requests get a key of their own "
        f"({guide.REGISTRIES}#candidates). Keep {names} in an environment that only the default branch "
        f"may use ({guide.SET_UP}#keys-in-an-environment).",
    )
