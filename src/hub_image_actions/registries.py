"""Registries by their hosts, each with the login that the caller's Docker has for it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from hub_image_actions.docker_config import DockerConfig
from hub_image_actions.http import Http
from hub_image_actions.registry import Registry


def registries(http: Http, docker_config: Path) -> Callable[[str], Registry]:
    """Return what gives the registry of a host, the same one each time.

    The logins are read when the first registry is wanted: what is wrong with them is said of images alone.

    Args:
        http: what asks.
        docker_config: Docker's folder of settings.
    """

    @cache
    def registry(host: str) -> Registry:
        return Registry(http, host, DockerConfig.load(docker_config).credentials(host))

    return registry
