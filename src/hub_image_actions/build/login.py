"""Docker and the registry for the time of one build: a login of its own that is gone afterwards."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub_image_actions import process
from hub_image_actions.build.settings import BuildSettings
from hub_image_actions.docker.config import Credentials, DockerConfig, copy_builders, private_config
from hub_image_actions.docker.engine import Docker
from hub_image_actions.entry.runner import Runner
from hub_image_actions.http import HttpClient
from hub_image_actions.registry.client import Registry, registries


@dataclass(frozen=True)
class DockerLogin:
    """What a build may use.

    Args:
        docker: the engine.
        registry: the registry of the image.
        others: returns another registry, with the credentials that the caller's Docker has for it.
        secrets: what must not be shown.
    """

    docker: Docker
    registry: Registry
    others: Callable[[str], Registry]
    secrets: tuple[str, ...] = field(repr=False)

    def registry_of(self, host: str) -> Registry:
        """Return the registry of a host."""
        return self.registry if host == self.registry.host else self.others(host)


@contextmanager
def logged_in(
    settings: BuildSettings, environment: Mapping[str, str], runner: Runner, http: HttpClient
) -> Iterator[DockerLogin]:
    """Use settings of Docker that are gone afterwards, where a password is given; else the caller's.

    Args:
        settings: the inputs.
        environment: the environment of the programs that are started.
        runner: told what to hide.
        http: what asks the registries.
    """
    host = settings.image.registry
    original = Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker")
    with tempfile.TemporaryDirectory(prefix="docker-config-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        variables = {**environment, "BUILDX_CONFIG": str(folder / "buildx")}
        copy_builders(Path(environment.get("BUILDX_CONFIG") or original / "buildx"), folder / "buildx")
        secrets: tuple[str, ...] = ()
        if not settings.registry_password:
            credentials = DockerConfig.load(original).credentials(host)
        else:
            credentials = Credentials(settings.registry_username, settings.registry_password)
            secrets = tuple(form for secret in credentials.secrets for form in process.secret_forms(secret))
            private_config(folder, original, host)
            variables["DOCKER_CONFIG"] = name
        for form in secrets:
            runner.mask(form)
        yield DockerLogin(
            Docker(variables, runner.info, secrets),
            Registry(http, host, credentials),
            registries(http, original),
            secrets,
        )
