"""What happens before a build: what would fail after it is found out, and what it needs is fetched."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.earlier_images import PreviousImage
from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.login import DockerLogin
from hub_image_actions.build.repo2docker import Repo2docker, base_image, install, is_installed
from hub_image_actions.docker.disk_space import GIB, Disk, make_room
from hub_image_actions.docker.leftovers import sweep_containers
from hub_image_actions.references import DOCKER_HUB

_NO_CACHE = (
    "All layers are built: Docker keeps images in containerd's store here, and its older builder fails there "
    "when it is given another image's layers. Set `repo2docker-version` to 2025.08.0 or newer, which builds "
    "with buildx; with `builder: docker`, install buildx."
)


@dataclass(frozen=True)
class PreparedBuild:
    """What a build needs, and has.

    Args:
        repo2docker: what builds it; None: Docker.
        with_buildx: whether it is built by `docker buildx`.
        cached_from: the image to take layers from; empty: none.
    """

    repo2docker: Repo2docker | None
    with_buildx: bool
    cached_from: str


@dataclass(frozen=True)
class Preparation:
    """The work before a build.

    Args:
        job: the build.
        login: the engine and the registries that it may use.
        context: the folder that it is built from.
        previous: the image that layers are taken from.
    """

    job: BuildJob
    login: DockerLogin
    context: BuildContext
    previous: PreviousImage

    def check(self) -> Disk:
        """Find out in seconds what would otherwise fail after the build; return the disk of the engine.

        Raises:
            ActionError: the build would fail.
        """
        settings, image, tell = self.job.settings, self.job.settings.image, self.job.runner.info
        engine = self.login.docker.engine()
        disk = Disk(engine.folder)
        tell(f"Docker {engine.version}, {disk.free() / GIB:.1f} GiB free in {disk.folder}")
        for name in sweep_containers(self.login.docker):
            tell(f"removed {name}, which an earlier run left")
        self.login.open()
        if settings.push:
            self.login.registry.check_push(image.repository)
            tell(f"{image} can be pushed")
        return disk

    def needs_login(self, prepared: PreparedBuild) -> bool:
        """Say whether the build itself may have to log in to the image's registry."""
        settings, host = self.job.settings, self.job.settings.image.registry
        if prepared.cached_from.startswith(f"{host}/") or host == DOCKER_HUB:
            return True
        dockerfile = self.context.dockerfile_path(settings.builder)
        if dockerfile is None:
            texts = [base_image(settings.repo2docker, settings.repo2docker_args) or host]
        else:
            texts = [dockerfile.read_text(encoding="utf-8", errors="replace")]
        if settings.appendix_file:
            texts.append((self.job.folder / settings.appendix_file).read_text(encoding="utf-8"))
        # With variables, any image may be meant.
        return any(host in text or "$" in text for text in texts)

    def prepare(self, disk: Disk, inputs: BuildInputs | None) -> PreparedBuild:
        """Make room, then install repo2docker, pull the base images and find the cache at the same time.

        Args:
            disk: the disk of the engine.
            inputs: what the image is made of; None where that is not known.

        Raises:
            ActionError: there is no room, or repo2docker cannot be installed.
        """
        self._make_room(disk)
        settings, docker = self.job.settings, self.login.docker
        with ThreadPoolExecutor() as pool:
            finding = pool.submit(self.previous.reference) if settings.cache else None
            installing = pool.submit(self._install) if settings.builder == "repo2docker" else None
            # What cannot be pulled, such as an image of this engine only, is for the build to say.
            list(pool.map(lambda base: docker.pull(base, settings.platform), self._bases(inputs)))
            repo2docker = installing.result() if installing else None
            previous = finding.result() if finding else ""
        with_buildx = repo2docker.uses_buildx if repo2docker else docker.has_buildx
        return PreparedBuild(repo2docker, with_buildx, self._cache(previous, with_buildx=with_buildx))

    def _make_room(self, disk: Disk) -> None:
        settings, tell = self.job.settings, self.job.runner.info
        wanted, least = settings.free_disk_space, settings.min_free_disk
        for warning in make_room(disk, wanted, least, tell, hosted=self.job.origin.hosted):
            self.job.warn(warning)

    def _cache(self, previous: str, *, with_buildx: bool) -> str:
        """Return the image to take layers from: buildx reads them from the registry, others need a pull."""
        if previous and not with_buildx:
            previous = self._cache_of_older_builder(previous)
        if previous:
            self.job.runner.info(f"Cache: layers that are the same are taken from {previous}")
        return previous

    def _cache_of_older_builder(self, previous: str) -> str:
        docker = self.login.docker
        if docker.engine().has_containerd_store:
            # It ends the build with "failed to restore cached image … InvalidArgument" at the first
            # instruction that makes no layer, and by the way it tells that, some take it for a success.
            self.job.warn(_NO_CACHE)
            return ""
        return previous if docker.pull(previous) else ""

    def _bases(self, inputs: BuildInputs | None) -> tuple[str, ...]:
        """Return the base images to pull before the build.

        What the image is said to be made from is what the registry has, and an engine that was used before
        may have an older one. Besides, a pull costs no time while repo2docker is installed.
        """
        if inputs:
            return tuple(inputs.bases)
        settings = self.job.settings
        if settings.builder != "repo2docker":
            return ()
        if is_installed(settings.repo2docker, self._lock, self.job.origin.scratch):
            return ()
        return tuple(map(str, self.context.base_images(settings.builder)))

    def _install(self) -> Repo2docker:
        job = self.job
        return install(
            requirement=job.settings.repo2docker,
            lock=self._lock,
            folder=job.origin.scratch,
            environment=job.environment,
            tell=job.runner.info,
        )

    @property
    def _lock(self) -> Path:
        return self.job.locks / "repo2docker.txt"
