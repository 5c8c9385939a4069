"""Docker and the registry for the time of one build: a login of its own that is gone afterwards."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.settings import BuildSettings
from hub_image_actions.docker.config import FILE, Credentials, DockerConfig, copy_builders, private_config
from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import ActionError
from hub_image_actions.ownership import owned_folder, sweep_folders
from hub_image_actions.redaction import secret_forms
from hub_image_actions.registry.client import Registry, registries


@dataclass(frozen=True)
class DockerLogin:
    """What a build may use.

    Args:
        docker: the engine.
        registry: the registry of the image.
        others: returns another registry, with the credentials that the caller's Docker has for it.
        secrets: what must not be shown.
        password: the login with the job's own password; None where there is none.
    """

    docker: Docker
    registry: Registry
    others: Callable[[str], Registry]
    secrets: tuple[str, ...] = field(repr=False)
    password: "PasswordLogin | None" = None

    def open(self) -> None:
        """Log in to the image's registry, where there is a password.

        Raises:
            DockerError: the registry refuses the credentials.
        """
        if self.password:
            self.password.open()

    def close(self) -> None:
        """Forget the login, if there is one."""
        if self.password:
            self.password.close()

    def registry_of(self, host: str) -> Registry:
        """Return the registry of a host."""
        return self.registry if host == self.registry.host else self.others(host)


class PasswordLogin:
    """A login with a password, in settings of Docker that are ours: it is there only while it is needed.

    Args:
        docker: what logs in.
        settings: the inputs.
        config: Docker's file of settings, without the login.
    """

    def __init__(self, docker: Docker, settings: BuildSettings, config: Path) -> None:
        self._docker = docker
        self._settings = settings
        self._config = config
        self._without = config.read_bytes()

    def open(self) -> None:
        """Log in.

        Raises:
            DockerError: the registry refuses the credentials.
        """
        settings = self._settings
        host, username = settings.image.registry, settings.registry_username
        self._docker.login(host, username, settings.registry_password)

    def close(self) -> None:
        """Forget the login; once it is forgotten, this does nothing."""
        # `docker logout` would leave no entry, and Docker look for a store of the operating system.
        new = self._config.with_name("new")
        new.touch(mode=0o600)
        new.write_bytes(self._without)
        new.replace(self._config)


def check_private(job: BuildJob) -> None:
    """Check that what this build keeps to itself gets neither into the image nor to other users.

    Raises:
        ActionError: it would.
    """
    context, scratch = job.folder.resolve(), job.origin.scratch
    # A context that a link leads out of the repository is refused as what it is.
    inside = context.is_relative_to(job.origin.checkout.resolve())
    for folder in (scratch, Path(tempfile.gettempdir())):
        if inside and folder.resolve().is_relative_to(context):
            raise ActionError(
                f"The folder for temporary files, {folder}, is in the folder that the image is built from: "
                "the registry's key would get into the image.",
                "Set RUNNER_TEMP and TMPDIR to folders outside of the checkout, or do not set them.",
            )
    facts = scratch.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid not in {0, os.geteuid()}:
        raise ActionError(
            f"{scratch} belongs to somebody else, who could read the registry's key there.",
            "Remove it, or set RUNNER_TEMP to a folder of your own.",
        )


@contextmanager
def logged_in(job: BuildJob) -> Iterator[DockerLogin]:
    """Use settings of Docker that are gone afterwards, where a password is given; else the caller's.

    Raises:
        ActionError: there is no place for them.
    """
    check_private(job)
    sweep_folders(job.origin.scratch, Path(tempfile.gettempdir()))
    settings, environment, runner, http = job.settings, job.environment, job.runner, job.http
    host = settings.image.registry
    original = Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker")
    with owned_folder("docker-config", job.origin.scratch) as folder:
        variables = {**environment, "BUILDX_CONFIG": str(folder / "buildx")}
        copy_builders(Path(environment.get("BUILDX_CONFIG") or original / "buildx"), folder / "buildx")
        secrets: tuple[str, ...] = ()
        if not settings.registry_password:
            credentials = DockerConfig.load(original).credentials(host)
        else:
            credentials = Credentials(settings.registry_username, settings.registry_password)
            secrets = tuple(form for secret in credentials.secrets for form in secret_forms(secret))
            private_config(folder, original, host)
            variables["DOCKER_CONFIG"] = str(folder)
        for form in secrets:
            runner.mask(form)
        docker = Docker(variables, runner.info, secrets)
        yield DockerLogin(
            docker,
            Registry(http, host, credentials),
            registries(http, original),
            secrets,
            PasswordLogin(docker, settings, folder / FILE) if settings.registry_password else None,
        )
