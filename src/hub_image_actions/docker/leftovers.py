"""Containers and volumes that say whose they are, and are removed once that process is gone."""

from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import CommandError
from hub_image_actions.ownership import parse_owner, this_process

_LABEL = "hub-image-actions.owner"
_SHOWN = f'{{{{.Label "{_LABEL}"}}}}'


def owner_label() -> str:
    """Return the label for what this process makes."""
    return f"{_LABEL}={this_process()}"


def sweep_containers(docker: Docker) -> list[str]:
    """Remove the containers and volumes of runs that are gone; return their names.

    What cannot be removed now, a later run tries again: this never keeps a build from its work.
    """
    containers = _left(docker, "ps", "--all", "--format", f"{{{{.Names}}}} {_SHOWN}")
    for name in containers:
        _remove(docker, "rm", "--force", "--volumes", name)
    volumes = _left(docker, "volume", "ls", "--format", f"{{{{.Name}}}} {_SHOWN}")
    for name in volumes:
        _remove(docker, "volume", "rm", "--force", name)
    return [*containers, *volumes]


def _left(docker: Docker, *question: str) -> list[str]:
    try:
        lines = docker.ask(*question, "--filter", f"label={_LABEL}").splitlines()
    except CommandError:
        return []
    pairs = (line.partition(" ")[::2] for line in lines)
    owners = ((name, parse_owner(owner)) for name, owner in pairs)
    return [name for name, owner in owners if owner and owner.is_gone()]


def _remove(docker: Docker, *command: str) -> None:
    try:
        docker.ask(*command)
    except CommandError as error:
        docker.tell(f"What an earlier run left stays: {error}")
