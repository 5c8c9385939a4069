"""Pull requests and merges of one image, as workflows with and without the right to push see them."""

import re

from hub_image_actions.docker.config import Credentials
from hub_image_actions.http import Http
from hub_image_actions.images.pushed_image import PushedImage, read_pushed_image
from hub_image_actions.registry.client import Registry as Client
from scenarios.action import Result
from scenarios.images import CANDIDATES_KEY, IMAGE, ImageRepository

INPUTS = re.compile(r"inputs-[0-9a-f]{64}")
# What the workflow of a pull request holds of the image's own registry.
NO_KEY = {"registry_username": "", "registry_password": ""}


def ever_new(images: ImageRepository, base: str) -> ImageRepository:
    """Return a repository whose image is another each time that it is built, of an image name of its own."""
    images.image = f"{IMAGE}-{images.folder.parent.name.lower()}"
    clock = "cat /proc/sys/kernel/random/uuid > /made"
    images.commit({"Dockerfile": f"FROM {base}\nUSER root\nRUN {clock}\nCOPY . /srv/repo\n"})
    return images


def candidate(repository: ImageRepository, **given: str) -> Result:
    """Build the image of a pull request of the same repository, and keep it for the merge."""
    pulls = repository.remote.pulls
    event = repository.on_pull_request(pulls[0].number if pulls else repository.pull_request())
    result = repository.build_test(event, **{**kept_in(repository), **NO_KEY, "reuse": "true", **given})
    assert result.status == 0, result.log
    return result


def build(repository: ImageRepository, **given: str) -> Result:
    """Build and push the image after the merge."""
    result = repository.build(**{**kept_in(repository), "reuse": "true", "push": "true", **given})
    assert result.status == 0, result.log
    return result


def candidates(repository: ImageRepository) -> str:
    """Return the repository of the image's candidates."""
    return f"candidates/{repository.image.rpartition('/')[2]}"


def kept_in(repository: ImageRepository) -> dict[str, str]:
    """Return the inputs that name the candidates."""
    return {
        "candidates": f"{repository.registry.host}/{candidates(repository)}",
        "candidates_username": "candidates",
        "candidates_password": CANDIDATES_KEY,
    }


def tags(repository: ImageRepository) -> list[str]:
    """Return the tags where hubs take the image from."""
    return sorted(repository.registry.tags(repository.image))


def kept(repository: ImageRepository) -> list[str]:
    """Return the tags of the candidates."""
    return sorted(repository.registry.tags(candidates(repository)))


def was_built(result: Result) -> bool:
    """Say whether a run built an image."""
    return "Building " in result.log


def relabel(repository: ImageRepository, **labels: str) -> None:
    """Change labels of the candidate; `__` stands for a dot in their names, `_` for a dash."""
    (tag,) = kept(repository)
    named = {name.replace("__", ".").replace("_", "-"): text for name, text in labels.items()}
    image = read(repository, tag)
    plant(repository, tag, image.with_labels({**image.labels, **named}))


def read(repository: ImageRepository, tag: str) -> PushedImage:
    """Return a candidate."""
    with Http() as http:
        return read_pushed_image(_client(http, repository), candidates(repository), tag)


def plant(repository: ImageRepository, tag: str, image: PushedImage) -> None:
    """Give a candidate's tag to an image whose layers are among the candidates."""
    with Http() as http:
        client = _client(http, repository)
        client.put_blob(candidates(repository), image.config)
        client.put_manifest(candidates(repository), image.manifest.digest, image.manifest)
        client.put_manifest(candidates(repository), tag, image.named)


def layers(repository: ImageRepository, tag: str = "", of: str = "") -> list[str]:
    """Return the digests of an image's layers: of the commit's image, unless another one is named."""
    manifest = repository.registry.image_manifest(of or repository.image, tag or repository.head[:12])
    return [layer["digest"] for layer in manifest["layers"]]


def _client(http: Http, repository: ImageRepository) -> Client:
    return Client(http, repository.registry.host, Credentials("candidates", CANDIDATES_KEY))
