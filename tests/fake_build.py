"""A build of which nothing is real: Docker and the registry only note what they are asked."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.login import DockerLogin, PasswordLogin
from hub_image_actions.build.origin import BuildOrigin
from hub_image_actions.build.report import BuildReport
from hub_image_actions.build.settings import BuildSettings, Publication, read_build
from hub_image_actions.docker.engine import Docker, Engine, Layer
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, ManifestMissing, RegistryError
from hub_image_actions.http import Http
from hub_image_actions.images.pushed_image import PushedImage, read_pushed_image
from hub_image_actions.references import parse_image_name
from hub_image_actions.registry.calls import Manifest
from hub_image_actions.registry.client import Registry

IMAGE = parse_image_name("quay.io/course/image")
_MAIN_TAG = Publication(tags=("1",))


def read_settings(publication: Publication = _MAIN_TAG, /, **given: str) -> BuildSettings:
    """Return the settings of some inputs."""
    inputs = Inputs(lambda name: given.get(name.replace("-", "_"), ""))
    return read_build(inputs, IMAGE, publication)


@dataclass
class Told:
    """A runner that keeps what it is told."""

    lines: list[str] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)

    def mask(self, secret: str) -> None:
        self.masked.append(secret)

    def info(self, text: str) -> None:
        self.lines.append(text)

    def notice(self, text: str) -> None:
        self.lines.append(f"notice: {text}")

    def warning(self, text: str, file: str = "", line: int = 0) -> None:
        self.lines.append(f"warning: {text}")

    def error(self, error: ActionError) -> None:
        self.lines.append(f"error: {error.file}:{error.line} {error.problem}")

    failure = error

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        self.lines.append(f"group: {title}")
        yield


@dataclass
class FakeDocker:
    """An engine that notes what it is asked, in order."""

    folder: Path
    has_buildx: bool = True
    has_containerd_store: bool = False
    pulls: tuple[str, ...] | None = None
    earlier: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def engine(self) -> Engine:
        return Engine("29.0", self.folder, self.has_containerd_store)

    def login(self, registry: str, username: str, password: str) -> None:
        self.asked.append(("login", registry, username, password))
        (self.folder.parent / f"{self.folder.name}-scratch" / "config.json").write_text(password)

    def ask(self, *arguments: str, timeout: float = 0.0) -> str:
        return ""

    def pull(self, reference: str, platform: str = "") -> bool:
        self.asked.append(("pull", reference, platform))
        return self.pulls is None or reference in self.pulls

    def tag(self, old: str, new: str) -> None:
        self.asked.append(("tag", old, new))

    def set_aside(self, reference: str) -> str:
        self.asked.append(("set_aside", reference))
        return self.earlier

    def layers(self, reference: str) -> tuple[Layer, ...]:
        return (Layer(3, "RUN make"), Layer(4, "COPY . ."))

    def remove_tag(self, reference: str) -> None:
        self.asked.append(("remove_tag", reference))

    def push(self, reference: str) -> None:
        self.asked.append(("push", reference))


@dataclass
class FakeRegistry:
    """A registry that has some images, and takes more unless it refuses."""

    host: str = "quay.io"
    manifests: dict[str, Manifest] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    refuses: bool = False
    asked: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def check_push(self, repository: str) -> None:
        self._ask(f"may push {repository}")

    def has(self, repository: str, reference: str) -> bool:
        self._ask(f"has {reference}")
        return reference in self.manifests

    def digest(self, repository: str, reference: str) -> str:
        digest: str = self.manifest(repository, reference).digest
        return digest

    def manifest(self, repository: str, reference: str) -> Manifest:
        self._ask(f"manifest {reference}")
        if reference not in self.manifests:
            raise ManifestMissing(f"no {reference}.")
        return self.manifests[reference]

    def put_manifest(self, repository: str, reference: str, manifest: Manifest) -> None:
        self._ask(f"put {reference}")
        self.manifests[reference] = manifest

    def blob(self, repository: str, digest: str) -> bytes:
        return self.blobs[digest]

    def put_blob(self, repository: str, content: bytes) -> str:
        self._ask("put blob")
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.blobs[digest] = content
        return digest

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.refuses:
            raise RegistryError("It refuses.")


@dataclass
class FakeBuild:
    """A build of which nothing is real, and what it was told and asked."""

    job: BuildJob
    docker: FakeDocker
    registry: FakeRegistry
    told: Told

    @property
    def login(self) -> DockerLogin:
        """What the build may use."""
        settings, docker = self.job.settings, cast("Docker", self.docker)
        self.config.write_text("{}")
        return DockerLogin(
            docker,
            cast("Registry", self.registry),
            lambda _: cast("Registry", self.registry),
            (),
            PasswordLogin(docker, settings, self.config) if settings.registry_password else None,
        )

    @property
    def config(self) -> Path:
        """Docker's file of settings, in which its login is."""
        return self.job.origin.scratch / "config.json"


def fake_build(folder: Path, settings: BuildSettings | None = None, **origin: Any) -> FakeBuild:
    """Return a build of a folder, of settings, and of what is known of its origin."""
    facts: dict[str, Any] = {
        **dict.fromkeys(("repository", "image_name", "run_url", "commit", "ref_name"), ""),
        "server_url": "https://github.com",
        "api_url": "https://api.github.com",
        "commit_time": 0,
        "pull_request": 0,
        "from_fork": False,
        "hosted": False,
        "checkout": folder,
        "scratch": folder.parent / f"{folder.name}-scratch",
    }
    (folder.parent / f"{folder.name}-scratch").mkdir(exist_ok=True)
    told, report = Told(), BuildReport("quay.io/course/image:1", "Build of image")
    job = BuildJob(
        settings=settings or read_settings(),
        origin=BuildOrigin(**{**facts, **origin}),
        environment={},
        runner=cast("Runner", told),
        http=cast("Http", None),
        report=report,
        locks=folder / "locks",
        sleep=lambda _: None,
    )
    return FakeBuild(job, FakeDocker(folder), FakeRegistry(), told)


def pushed_image(
    labels: Mapping[str, str], *, system: str = "linux", architecture: str = "amd64", made_by: str = ""
) -> PushedImage:
    """Return an image of a registry that has these labels, and was made by one instruction or none."""
    history = [{"created_by": made_by}] if made_by else []
    settings = {"Labels": dict(labels)}
    config = json.dumps(
        {"os": system, "architecture": architecture, "config": settings, "history": history}
    ).encode()
    described = {"digest": f"sha256:{hashlib.sha256(config).hexdigest()}", "size": len(config)}
    body = json.dumps({"config": described, "layers": []}).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    return PushedImage(Manifest(digest, "application/vnd.oci.image.manifest.v1+json", body), config)


def keep(registry: FakeRegistry, tag: str, image: PushedImage) -> None:
    """Put an image into the registry."""
    registry.manifests[tag], registry.manifests[image.manifest.digest] = image.named, image.manifest
    registry.blobs[json.loads(image.manifest.body)["config"]["digest"]] = image.config


def attest(registry: FakeRegistry, tag: str, image: PushedImage, entries: Any, **more: Any) -> Manifest:
    """Put an image into the registry, and under the tag an index that lists these entries."""
    keep(registry, image.manifest.digest, image)
    body = json.dumps({"manifests": entries, **more}).encode()
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    index = Manifest(digest, "application/vnd.oci.image.index.v1+json", body)
    registry.manifests[tag] = index
    return index


def read(registry: FakeRegistry, tag: str) -> PushedImage:
    """Return an image of the registry."""
    return read_pushed_image(cast("Registry", registry), "course/image", tag)
