"""Pipelines that are written out in the repository: the template's of any age, and edited copies of them.

Every step is told by what it does. What one of our actions does is read and replaced; what is the
repository's own is carried over.

Source: the inputs of https://github.com/jupyterhub/repo2docker-action.
"""

import re
from collections.abc import Mapping
from typing import Literal

from hub_image_actions.fleet.migration import steps
from hub_image_actions.fleet.migration.configuration import (
    Extra,
    Origin,
    Reading,
    origin_of,
    origin_within,
)
from hub_image_actions.fleet.migration.docker_commands import BuildOptions, ImageNames, Scripts, Unclear
from hub_image_actions.fleet.migration.steps import Kind, Place, resolved
from hub_image_actions.fleet.workflows.yaml_splice import unindented

# Where a name without a host leads to.
DOCKER_HUB = "docker.io"
_GIT_IDENTITY = re.compile(r"user\.(name|email)['\"]?\s+['\"]?([^'\"\n]+)")
_BASE = re.compile(r"(?:--base|-B)[ =]?['\"]?([\w./-]+)")


def read_build(reading: Reading, place: Place, purpose: Literal["publish", "test"]) -> None:
    """Read the step that builds, whichever way it does."""
    # A test that builds as the push does adds nothing; one of its own has inputs of its own.
    target = "build" if purpose == "publish" else "test"
    if place.kind is Kind.NATIVE:
        _read_native(reading, place, target, purpose)
    else:
        _read_repo2docker(reading, place, target, purpose)


def read_login(reading: Reading, place: Place) -> bool:
    """Read a login to the registry; say whether it is the one of the image's registry."""
    registry = place.input("registry")
    known = reading.values.get("registry")
    if known and registry and registry != known:
        return False
    if "steps." in place.input("password"):
        if not any(steps.kind_of(step) is Kind.KEYLESS for step in place.job.steps):
            why = "Another step makes its password, which the jobs that look for the tag do not have."
            reading.refuse(place.origin, "the login to its registry", why)
        # Another step made the password, and is read itself.
        reading.account.settle(
            place.file.path, (*place.way, "with"), "replaced", "The step for Google does it."
        )
        reading.take("registry", place.input("registry"), place.origin)
        return True
    for name, field_name in (
        ("registry", "registry"),
        ("username", "registry_username"),
        ("password", "registry_password"),
    ):
        if place.input(name):
            reading.take(field_name, place.input(name), place.input_origin(name))
    return True


def read_keyless(reading: Reading, place: Place) -> None:
    """Read a login to Google without a key."""
    for name, field_name in (
        ("workload_identity_provider", "provider"),
        ("service_account", "service_account"),
    ):
        if place.input(name):
            reading.take(field_name, place.input(name), place.input_origin(name))
    if place.input("credentials_json"):
        reading.take(
            "registry_password", place.input("credentials_json"), place.input_origin("credentials_json")
        )


def read_app(reading: Reading, place: Place) -> None:
    """Read the step that gets a GitHub App's token."""
    for name in ("client-id", "app-id", "app_id"):
        if place.input(name):
            reading.take("app", place.input(name), place.input_origin(name))
    for name in ("private-key", "private_key"):
        if place.input(name):
            reading.take("private_key", place.input(name), place.input_origin(name))


def read_deployments(reading: Reading, place: Place) -> None:
    """Read the checkout of the deployments."""
    reading.take("deployments", place.input("repository"), place.input_origin("repository"))
    if place.input("ref"):
        reading.take("base_branch", place.input("ref"), place.input_origin("ref"))
    if place.input("token"):
        _read_token(reading, place.input("token"), place.input_origin("token"))
    folders = tuple(
        line.strip().strip("/") for line in place.input("sparse-checkout").splitlines() if line.strip()
    )
    if folders and folders != ("deployments",):
        reading.take("paths", folders, place.input_origin("sparse-checkout"))


def read_deploy(reading: Reading, place: Place) -> None:
    """Read a step that commits, pushes or opens the pull request."""
    run = place.step.value("run")
    written = place.step.values["run" if run else "uses"]
    for match in _GIT_IDENTITY.finditer(run):
        if "steps." not in match[2]:
            origin = origin_within(place.file, written, match[0])
            reading.take(f"author_{match[1]}", resolved(match[2].strip(), place), origin)
    base = _BASE.search(run) if "gh pr" in run else None
    if base:
        reading.take("base_branch", base[1], origin_within(place.file, written, base[0]))
    for name, scalar in place.step.env.items():
        if name in {"GH_TOKEN", "GITHUB_TOKEN"}:
            _read_token(reading, resolved(scalar.value, place), origin_of(place.file, scalar))


def own_step(place: Place, where: Literal["build", "bump", "test"], *, after: bool) -> Extra:
    """Return a step of the repository's own."""
    name = place.step.value("name") or place.step.value("uses") or "a step without a name"
    return Extra(name, unindented(place.step.source), place.origin, where, after)


def _read_token(reading: Reading, value: str, origin: Origin) -> None:
    """Keep the tokens of a value; those that a step made are the App's."""
    inside = value.removeprefix("${{").removesuffix("}}")
    secrets = [part.strip() for part in inside.split("||") if "secrets." in part]
    if secrets:
        reading.extend("tokens", *(f"${{{{ {part} }}}}" for part in secrets))
        reading.origins.setdefault("tokens", origin)


def _read_repo2docker(reading: Reading, place: Place, target: str, purpose: str) -> None:
    uses = origin_of(place.file, place.step.values["uses"])
    for name, key in _REPO2DOCKER_INPUTS.items():
        if place.input(name):
            reading.add(target, key, _requirement(place.input(name)), place.input_origin(name))
    _take_inputs(reading, place, {"IMAGE_NAME": "image", "DOCKER_REGISTRY": "registry"})
    if target == "test" and reading.values.get("build", {}).get("builder") == "docker":
        reading.add("test", "builder", "repo2docker", uses)
    repo_dir = place.input("REPO_DIR") or "/home/jovyan"
    if repo_dir != "/srv/repo":
        reading.add(target, "repo-dir", repo_dir, uses)
    if purpose == "publish":
        _read_publication(reading, place, uses)
    _settle_inputs(reading, place, purpose)
    for name in sorted(set(place.step.inputs) - _READ):
        reading.leave(
            place.input_origin(name),
            f"the input `{name}` of repo2docker-action",
            _NO_COUNTERPART.get(name, "None of our actions has its like."),
            "If it is needed, do it in a step of your own.",
        )


def _settle_inputs(reading: Reading, place: Place, purpose: str) -> None:
    """Say of the inputs that only switch something that the new workflows do in one way."""
    settled = ["NO_PUSH", "NO_GIT_PUSH", "COMMIT_MSG", "LATEST_TAG_OFF", "REPO_DIR", "PUBLIC_REGISTRY_CHECK"]
    if purpose == "test":
        # A test pushes nothing, and is of the image that the push builds.
        settled += [*_PUBLISHED_INPUTS, "IMAGE_NAME", "DOCKER_REGISTRY"]
    for name in settled:
        reason = "`build` and `build-test` do it as it was."
        reading.account.settle(place.file.path, (*place.way, "with", name), "replaced", reason)


# Inputs of repo2docker-action and what they are called with us.
_REPO2DOCKER_INPUTS = {
    "FORCE_REPO2DOCKER_VERSION": "repo2docker-version",
    "REPO2DOCKER_EXTRA_ARGS": "repo2docker-args",
    "APPENDIX_FILE": "appendix-file",
    "NOTEBOOK_USER": "user-name",
}
_PUBLISHED_INPUTS = {"DOCKER_USERNAME": "registry_username", "DOCKER_PASSWORD": "registry_password"}
_READ = {
    *_REPO2DOCKER_INPUTS,
    *_PUBLISHED_INPUTS,
    *(
        "REPO_DIR",
        "IMAGE_NAME",
        "DOCKER_REGISTRY",
        "LATEST_TAG_OFF",
        "ADDITIONAL_TAG",
        "PUBLIC_REGISTRY_CHECK",
    ),
    *("NO_PUSH", "NO_GIT_PUSH", "COMMIT_MSG", "BINDER_CACHE", "MYBINDERORG_TAG"),
}
_NO_COUNTERPART = {
    "EXTRA_PIP_INSTALL": "repo2docker runs in an environment of its own.",
}


def _read_publication(reading: Reading, place: Place, uses: Origin) -> None:
    _take_inputs(reading, place, _PUBLISHED_INPUTS)
    reading.take("registry", DOCKER_HUB, uses)
    if not place.input("FORCE_REPO2DOCKER_VERSION"):
        reading.notes.append(
            "No version of repo2docker was asked for; from now on it is the default of our build."
        )
    if place.input("LATEST_TAG_OFF").lower() not in {"true", "1", "yes"}:
        reading.add("publish", "latest", "true", uses)
    if place.input("ADDITIONAL_TAG"):
        reading.add(
            "publish", "extra-tags", place.input("ADDITIONAL_TAG"), place.input_origin("ADDITIONAL_TAG")
        )
    if place.input("PUBLIC_REGISTRY_CHECK").lower() == "true":
        reading.add("publish", "public-check", "true", place.input_origin("PUBLIC_REGISTRY_CHECK"))
    # Any value switches it on.
    if place.input("BINDER_CACHE"):
        reading.take("binder_cache", "true", place.input_origin("BINDER_CACHE"))
    if place.input("MYBINDERORG_TAG"):
        reading.take("prebuilt", place.input("MYBINDERORG_TAG"), place.input_origin("MYBINDERORG_TAG"))


def _take_inputs(reading: Reading, place: Place, fields: Mapping[str, str]) -> None:
    for name, field_name in fields.items():
        if place.input(name):
            reading.take(field_name, place.input(name), place.input_origin(name))


def _requirement(version: str) -> str:
    """Return a version of repo2docker as our input has it: the number alone where it is an exact one."""
    match = re.fullmatch(r"jupyter[-_]repo2docker==([\w.]+)", version)
    return match[1] if match else version


def _read_native(reading: Reading, place: Place, target: str, purpose: str) -> None:
    reading.add(target, "builder", "docker", place.origin)
    try:
        if place.step.action:
            _read_build_push(reading, place, target, purpose)
        else:
            _read_docker(reading, place, target, purpose)
    except Unclear as error:
        why = str(error)
        reading.refuse(place.origin, "the step that builds its image", f"{why[:1].upper()}{why[1:]}.")


def _read_docker(reading: Reading, place: Place, target: str, purpose: str) -> None:
    scripts = _scripts(place)
    options = scripts.build()
    for key, values in (
        ("dockerfile", [options.dockerfile]),
        ("platform", options.values.get("--platform", [])),
    ):
        for value in values:
            reading.add(target, key, scripts.expanded(value), place.origin)
    if options.context not in {".", "./"}:
        reading.add(target, "context", scripts.expanded(options.context), place.origin)
    _read_build_args(reading, place, options.values.get("--build-arg", []), target)
    for name in options.unknown:
        raise Unclear(f"its option `{name}` of docker build has no equivalent in ours")
    for given in options.values.get("--label", []):
        reading.leave(
            place.origin,
            f"the label {given}",
            "The build gives an image labels of its own.",
            "Set `labels` of `build`.",
        )
    if purpose == "publish":
        _take_names(reading, place, scripts.pushed(options))


def _scripts(place: Place) -> Scripts:
    scopes = (place.file.env, place.job.env, *(step.env for step in place.job.steps))
    variables = {name: scalar.value for scope in scopes for name, scalar in scope.items()}
    return Scripts((step.value("run") for step in place.job.steps), variables)


def _take_names(reading: Reading, place: Place, names: ImageNames) -> None:
    """Keep the name and the tags of what is pushed: to the same registry, whatever the template's is."""
    reading.take("image", names.image, place.origin)
    reading.take("registry", names.registry, place.origin)
    if not reading.values.get("registry"):
        # The registry of a login; the name has none, and Docker's is what that means.
        logins = [step.inputs for step in place.job.steps if steps.kind_of(step) is Kind.LOGIN]
        named = next((inputs["registry"].value for inputs in logins if "registry" in inputs), DOCKER_HUB)
        reading.take("registry", resolved(named, place), place.origin)
    main, *others = [tag for tag in names.tags if tag != "latest"] or [""]
    if main not in {"", "{sha}", "{sha:12}"}:
        reading.add("publish", "tag", main, place.origin)
    reading.add("publish", "extra-tags", "\n".join(others), place.origin)
    if "latest" in names.tags:
        reading.add("publish", "latest", "true", place.origin)


def _read_build_args(reading: Reading, place: Place, given: list[str], target: str) -> None:
    literal = [each for each in given if "$" not in each and "=" in each]
    reading.add(target, "build-args", "\n".join(literal), place.origin)
    for each in given:
        if "$" in each or "=" not in each:
            reading.leave(
                place.origin,
                f"the build argument {each}",
                "What it stands for is known only to the shell that ran it.",
                "Set `build-args` of `build` and of `build-test`.",
            )


# Inputs of docker/build-push-action that say how it runs; what it makes is the same.
_OF_THE_RUN = {
    *("cache-from", "cache-to", "no-cache", "pull", "load", "provenance", "sbom", "builder", "github-token"),
    *("call", "annotations", "tags", "push", "context", "file", "platforms", "build-args"),
}


def _read_build_push(reading: Reading, place: Place, target: str, purpose: str) -> None:
    options = BuildOptions(place.input("context") or ".", {"--file": [place.input("file")]})
    for name, key, value in (
        ("file", "dockerfile", options.dockerfile),
        ("platforms", "platform", place.input("platforms")),
        ("build-args", "build-args", place.input("build-args")),
        ("context", "context", options.context.removeprefix("./")),
    ):
        if value and value != ".":
            reading.add(target, key, value, place.input_origin(name))
    for name in place.step.inputs:
        if name not in _OF_THE_RUN:
            raise Unclear(f"its input `{name}` has no equivalent in ours")
        reading.account.settle(
            place.file.path, (*place.way, "with", name), "replaced", "`build` and `build-test` do it."
        )
    if purpose == "publish":
        tags = [tag.strip() for tag in re.split(r"[\n,]", place.input("tags")) if tag.strip()]
        _take_names(reading, place, _scripts(place).named(tags))
