"""Images of pull requests, kept for the merge in a repository of their own, with a login of their own.

A pull request's job is told no key that could write where hubs take their images from, so that what it runs,
and whoever changes its workflow on a branch, can put nothing there.
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.login import DockerLogin
from hub_image_actions.docker.config import FILE, Credentials, private_config
from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import RegistryError
from hub_image_actions.images.copying import ImagePlace
from hub_image_actions.ownership import owned_folder
from hub_image_actions.redaction import secret_forms
from hub_image_actions.registry.client import Registry


def open_candidates(job: BuildJob, login: DockerLogin) -> ImagePlace | None:
    """Return the repository of candidates with its login; None where there is none.

    Args:
        job: the build.
        login: the registries that the build may use besides.
    """
    settings = job.settings.candidates
    if settings.image is None:
        return None
    host = settings.image.registry
    if not settings.password:
        return ImagePlace(settings.image, login.registry_of(host))
    credentials = Credentials(settings.username, settings.password, source="`candidates-password`")
    for form in _secrets(credentials):
        job.runner.mask(form)
    return ImagePlace(settings.image, Registry(job.http, host, credentials))


def _secrets(credentials: Credentials) -> tuple[str, ...]:
    return tuple(form for secret in credentials.secrets for form in secret_forms(secret))


@dataclass(frozen=True)
class CandidateStore:
    """Where the image of a pull request is kept.

    Args:
        job: the build.
        login: the engine.
        place: the repository of candidates; None where none is kept.
    """

    job: BuildJob
    login: DockerLogin
    place: ImagePlace | None

    def takes(self, inputs: BuildInputs | None) -> bool:
        """Say whether the image can be kept; that it cannot is no reason not to test it.

        Args:
            inputs: what it is made of; None where that is not known.
        """
        if inputs is None or self.place is None or not self.job.settings.candidates.keep:
            return False
        if self.job.origin.from_fork:
            self.job.runner.notice("The image of a fork's pull request is not kept.")
            return False
        try:
            self.place.registry.check_push(self.place.name.repository)
        except RegistryError as error:
            self.job.warn(f"The image is built again after the merge, since it cannot be kept. {error}")
            return False
        return True

    @contextmanager
    def docker(self) -> Iterator[Docker]:
        """Give an engine that is logged in where candidates are, and nowhere else, for as long as it is used.

        Raises:
            DockerError: the registry refuses the login.
        """
        settings, docker = self.job.settings.candidates, self.login.docker
        host = settings.image.registry if settings.image else ""
        if not settings.password:
            with closing(self.login):
                if host == self.login.registry.host:
                    self.login.open()
                yield docker
            return
        secrets = _secrets(Credentials(settings.username, settings.password))
        original = Path(docker.environment.get("DOCKER_CONFIG") or Path.home() / ".docker")
        with owned_folder("docker-config", self.job.origin.scratch) as folder:
            private_config(folder, original, host)
            _forget_logins(folder / FILE, host)
            own = Docker({**docker.environment, "DOCKER_CONFIG": str(folder)}, self.job.runner.info, secrets)
            own.login(host, settings.username, settings.password)
            yield own


def _forget_logins(settings: Path, host: str) -> None:
    """Leave of Docker's settings what names the engine, and an empty login without a credential store."""
    context = json.loads(settings.read_text(encoding="utf-8")).get("currentContext")
    content = {"auths": {host: {}}, **({"currentContext": context} if context else {})}
    settings.write_text(json.dumps(content), encoding="utf-8")
