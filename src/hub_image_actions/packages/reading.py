"""Reading the packages of an image, in a container of it."""

from pathlib import Path

from hub_image_actions.docker.container_files import UnusableFile, read_written
from hub_image_actions.docker.engine import Docker
from hub_image_actions.docker.leftovers import owner_label
from hub_image_actions.errors import ActionError, CommandError
from hub_image_actions.ownership import owned_folder
from hub_image_actions.packages.package_list import PackageList
from hub_image_actions.untrusted_json import parse_json

_TIME_LIMIT = 120.0
_MOST_BYTES = 16 << 20
_MOST_NOTES, _LONGEST_NOTE = 20, 500
_SCRIPT = Path(__file__).parents[1] / "in_image" / "list_packages.py"
_MOUNTED = "/opt/hub-image-actions"
_RESULT = "packages.json"
# Docker's own statuses for a program that cannot be run and one that is not there.
_NO_PYTHON = {126, 127}


class PackagesNotRead(ActionError):
    """The packages of an image could not be read, which says nothing against the image."""


def read_packages(docker: Docker, image: str, name: str) -> PackageList:
    """Return the packages of an image in the engine.

    Args:
        docker: the engine.
        image: the image.
        name: the container's name, by which it is removed whatever happens.

    Raises:
        PackagesNotRead: there is no Python in the image, or it could not list them.
    """
    with owned_folder("image-packages") as results:
        # The engine may map the user inside to another number than the one outside.
        results.chmod(0o777)
        _run(docker, image, name, results)
        value = read_list(results / _RESULT)
    packages = PackageList.from_value(value)
    notes = value.get("notes") if isinstance(value, dict) else None
    shown = (str(note)[:_LONGEST_NOTE] for note in notes[:_MOST_NOTES]) if isinstance(notes, list) else ()
    return PackageList(packages.packages, packages.system, packages.unread, tuple(shown))


def _run(docker: Docker, image: str, name: str, results: Path) -> None:
    options = [
        *("--rm", "--init", "--name", name, "--label", "hub-image-actions=image-packages"),
        *("--label", owner_label()),
        # Packages may lie where only root looks; nothing that is run needs a network.
        *("--user", "0", "--network", "none", "--workdir", "/", "--entrypoint", "python3"),
        *(
            "--volume",
            f"{_SCRIPT}:{_MOUNTED}/list_packages.py:ro",
            "--volume",
            f"{results}:{_MOUNTED}/results",
        ),
    ]
    script = ["-I", "-S", "-B", f"{_MOUNTED}/list_packages.py", f"{_MOUNTED}/results/{_RESULT}"]
    try:
        docker.stream("run", *options, image, *script, timeout=_TIME_LIMIT)
    except BaseException as error:
        docker.remove_container(name)
        if not isinstance(error, CommandError):
            raise
        raise _not_read(error) from error


def read_list(path: Path) -> object:
    """Return what a container wrote of its packages, which may be any JSON.

    Raises:
        PackagesNotRead: it is none, or cannot be read.
    """
    try:
        return parse_json(read_written(path, _MOST_BYTES))
    except (UnusableFile, OSError, ValueError) as error:
        raise PackagesNotRead(f"The list of the image's packages cannot be read: {error}.") from error


def _not_read(failure: CommandError) -> PackagesNotRead:
    if failure.status in _NO_PYTHON:
        return PackagesNotRead(
            "The image's packages are not listed: there is no `python3` in it.",
            "Nothing else depends on the list; with a `python3` in the image, the next build has it.",
        )
    return PackagesNotRead(
        f"The image's packages are not listed: {(failure.last_line or failure.problem).rstrip('.')}.",
        "Nothing else depends on the list.",
    )
