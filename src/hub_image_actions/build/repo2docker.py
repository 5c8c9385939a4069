"""repo2docker, in an environment of its own, of the version that the user chooses."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.environments import ToolEnvironment
from hub_image_actions.errors import ActionError, CommandError

DEFAULT_VERSION = "2026.04.0"
# What a version builds on where there is no Dockerfile: `base_image` in its repo2docker/app.py.
DEFAULT_BASE = "docker.io/library/buildpack-deps:24.04"
_BASES = {
    "2024.07.0": "docker.io/library/buildpack-deps:jammy",
    "2025.08.0": "docker.io/library/buildpack-deps:jammy",
    "2025.12.0": "docker.io/library/buildpack-deps:jammy",
    DEFAULT_VERSION: DEFAULT_BASE,
}
# What repo2docker executes if it stands in the folder in which it is started.
CONFIGURATION = "repo2docker_config.py"
# traitlets, with which repo2docker reads it, reads the same in JSON beside it.
_UNREAD = (CONFIGURATION, "repo2docker_config.json")
_CHOSEN_BASE = re.compile(r"--(?:Repo2Docker\.)?base[_-]image(?:=(?P<image>.+))?")
# Options that name nothing which could be another tomorrow: with a value, with one in the same word, without.
# Whatever else is given, even an option that repo2docker does not know, can put another repository, a folder
# below this one or an image in the place of what the digest is made of.
_WITH_VALUE = re.compile(r"-e|--(?:env|label|user-id|user-name|target-repo-dir)")
_IN_ONE_WORD = re.compile(
    r"--Repo2Docker\.(?:base_image|user_id|user_name|target_repo_dir|log_level)=.*", re.DOTALL
)
_ALONE = re.compile(r"--(?:debug|json-logs|clean|no-clean|no-run|no-push|build)")
# argparse takes an option by its first letters, too.
_CONFIGURES = re.compile(r"--co(?:n(?:f(?:i(?:g)?)?)?)?(?:=.*)?", re.DOTALL)
_EXACT = "jupyter-repo2docker=="
_START = Path(__file__).with_name("start_repo2docker.py")
# Versions from 2025.12.0 on import it and do not ask for it: their buildpacks/python/__init__.py.
_UNASKED = "tomli; python_version < '3.11'"
_VERSION = re.compile(r"\d{4}\.\d{1,2}\.\d+(?:[.\w+-]*)?")
_ONE_VERSION = re.compile(r"(?:jupyter-repo2docker)?\s*===?\s*(?P<version>\d{1,6}(?:\.\d{1,6}){2})")
_REQUIREMENT = re.compile(r"(?:jupyter[-_])?repo2docker\s*(?:\[[\w,]+\])?\s*(?:[<>=!~]=?.+)?", re.IGNORECASE)
_FIRST_WITH_BUILDX = 2025


class InvalidVersion(ActionError):
    """A text that names no version of repo2docker."""


def parse_version(text: str) -> str:
    """Return what pip installs for a version, a requirement or a git address.

    Raises:
        InvalidVersion: it is none of them.
    """
    if _VERSION.fullmatch(text):
        return f"{_EXACT}{text}"
    if text.startswith(("git+https://", "https://")):
        return f"jupyter-repo2docker @ {text}"
    if _REQUIREMENT.fullmatch(text):
        return re.sub(r"^(?:jupyter[-_])?repo2docker", "jupyter-repo2docker", text, flags=re.IGNORECASE)
    raise InvalidVersion(
        f"{text!r} names no version of repo2docker.",
        f"Write `{DEFAULT_VERSION}`, a requirement as `jupyter-repo2docker>=2025.8`, or `git+https://…`.",
    )


def exact_version(requirement: str) -> tuple[int, ...]:
    """Return the one version that a requirement allows, as numbers; empty where it allows others."""
    match = _ONE_VERSION.fullmatch(requirement)
    return tuple(map(int, match["version"].split("."))) if match else ()


def base_image(requirement: str, arguments: Sequence[str]) -> str:
    """Return the image that repo2docker builds on where there is no Dockerfile; empty where it is not known.

    Args:
        requirement: what pip installs, see :func:`parse_version`.
        arguments: the user's own arguments for repo2docker.
    """
    chosen = _BASES.get(requirement.removeprefix(_EXACT), "")
    for index, argument in enumerate(arguments):
        if match := _CHOSEN_BASE.fullmatch(argument):
            # The last one counts, and its value may be a word of its own.
            chosen = match["image"] or "".join(arguments[index + 1 : index + 2])
    return chosen


def is_known(requirement: str, arguments: Sequence[str]) -> bool:
    """Say whether it is known what repo2docker makes of a repository.

    Args:
        requirement: what pip installs; one release of which that was looked up.
        arguments: the user's own arguments; none that could name anything besides the repository.
    """
    rest, bases = iter(arguments), 0
    for argument in rest:
        option, equals, _ = argument.partition("=")
        bases += option == "--Repo2Docker.base_image"
        if _WITH_VALUE.fullmatch(option):
            if not equals:
                next(rest, "")
        elif not _IN_ONE_WORD.fullmatch(argument) and not _ALONE.fullmatch(argument):
            return False
    return requirement.removeprefix(_EXACT) in _BASES and bases <= 1


def unread_configuration(folder: Path) -> str:
    """Return a warning where a folder holds what repo2docker would execute, and is kept from; else nothing.

    Args:
        folder: the folder that an image is built from.
    """
    there = [name for name in _UNREAD if (folder / name).exists()]
    if not there:
        return ""
    are = "are" if len(there) > 1 else "is"
    return (
        f"{' and '.join(there)} {are} not read: repo2docker would execute it on the runner. "
        "Use inputs of this action, such as `repo2docker-args`."
    )


def check_arguments(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the user's own arguments for repo2docker.

    Raises:
        ActionError: they name a file of configuration.
    """
    if any(_CONFIGURES.fullmatch(argument) for argument in arguments):
        raise ActionError(
            "repo2docker is given no file of configuration: it would be executed on the runner.",
            "Write what it holds as options, such as `--Repo2Docker.base_image=…`.",
        )
    return arguments


@dataclass(frozen=True)
class Repo2docker:
    """An installed repo2docker.

    Args:
        python: the interpreter of its environment.
        version: its version.
    """

    python: Path
    version: str

    @property
    def uses_buildx(self) -> bool:
        """Whether it calls `docker buildx`, as it does from 2025 on, and not the engine's older build API."""
        return int(self.version.partition(".")[0]) >= _FIRST_WITH_BUILDX

    def command(self, options: Sequence[str]) -> list[str]:
        """Return the command line for building."""
        return [str(self.python), "-I", str(_START), *options]


def install(
    requirement: str, lock: Path, folder: Path, environment: Mapping[str, str], tell: Callable[[str], None]
) -> Repo2docker:
    """Install repo2docker into an environment of its own, unless it is there already.

    Args:
        requirement: what pip is to install, see :func:`parse_version`.
        lock: the hash-locked list for the default version.
        folder: where environments are kept for this job.
        environment: the environment in which pip runs.
        tell: told what is done.

    Raises:
        ActionError: it cannot be installed.
    """
    tool = _environment(requirement, lock, folder)
    try:
        tool.make(environment)
    except CommandError as error:
        reason = (error.last_line or error.problem).rstrip(".")
        raise ActionError(
            f"repo2docker ({requirement}) cannot be installed: {reason}.",
            "Check `repo2docker-version`; on a runner of your own, install Python's venv module.",
        ) from error
    # What pip noted down is read faster than Python starts.
    (noted,) = tool.home.glob("lib/python*/site-packages/jupyter_repo2docker-*.dist-info")
    version = noted.name.removesuffix(".dist-info").rpartition("-")[2]
    tell(f"repo2docker {version}")
    return Repo2docker(tool.python, version)


def is_installed(requirement: str, lock: Path, folder: Path) -> bool:
    """Say whether repo2docker is there already; see :func:`install`."""
    return _environment(requirement, lock, folder).is_there()


def _environment(requirement: str, lock: Path, folder: Path) -> ToolEnvironment:
    if _is_locked(requirement):
        return ToolEnvironment.locked("repo2docker", lock, folder)
    return ToolEnvironment.required("repo2docker", (requirement, _UNASKED), folder)


def _is_locked(requirement: str) -> bool:
    return requirement == parse_version(DEFAULT_VERSION)
