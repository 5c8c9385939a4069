"""Publishing an image: its layers once, by Docker; its labels and tags in the registry itself."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import CommandError, RegistryError
from hub_image_actions.http import HttpClient
from hub_image_actions.images.copying import ImagePlace, put_configuration
from hub_image_actions.images.pushed_image import PushedImage, read_pushed_image
from hub_image_actions.references import ImageName
from hub_image_actions.registry.client import Registry

_ATTEMPTS = 4
_NOT_PASSING = re.compile(
    r"denied|unauthorized|forbidden|not found|name unknown|invalid|immutable", re.IGNORECASE
)


@dataclass(frozen=True)
class ImagePush:
    """The way of one image into its registry.

    Args:
        image: the image.
        registry: its registry.
        tell: told what is done.
        warn: told what went less well than it should.
        sleep: waits between attempts, given the seconds.
    """

    image: ImageName
    registry: Registry
    tell: Callable[[str], None]
    warn: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep

    def push(self, docker: Docker, local: str, tag: str) -> PushedImage:
        """Push an image of the engine under one tag, and return what the registry has then.

        Raises:
            RegistryError: the registry does not take it.
        """
        reference = f"{self.image}:{tag}"
        if reference != local:
            docker.tag(local, reference)
        try:
            self._push_layers(docker, reference)
        finally:
            if reference != local:
                docker.remove_tag(reference)
        return read_pushed_image(self.registry, self.image.repository, tag)

    def label(self, pushed: PushedImage, tag: str, labels: Mapping[str, str]) -> PushedImage:
        """Give an image that has a tag more labels, which no layer has to move for; return what it is then.

        Where the registry does not take that, as one that keeps every tag as it is, the image stays.
        """
        try:
            labelled = pushed.with_labels(labels)
            put_configuration(ImagePlace(self.image, self.registry), labelled)
            self.registry.put_manifest(self.image.repository, tag, labelled.named)
        except RegistryError as error:
            self.warn(f"The image carries no labels that say what is in it. {error}")
            return pushed
        return labelled

    def tag(self, pushed: PushedImage, tags: Iterable[str]) -> None:
        """Give an image of the registry its tags, and check that they name it.

        Raises:
            RegistryError: the registry refuses, or a tag is another image.
        """
        repository, manifest = self.image.repository, pushed.named
        wanted = tuple(tags)
        for tag in wanted:
            self.registry.put_manifest(repository, tag, manifest)
        digests = {tag: self.registry.digest(repository, tag) for tag in wanted}
        for tag, digest in digests.items():
            self.tell(f"{self.image}:{tag} is in the registry: {digest}")
        if set(digests.values()) - {manifest.digest}:
            raise RegistryError(
                f"The tags of {self.image} are different images: {digests}.",
                "Somebody pushed one of them at the same moment: run again.",
            )

    def check_public(self, http: HttpClient, tag: str) -> None:
        """Check that everybody may pull the image.

        Raises:
            RegistryError: not everybody may.
        """
        try:
            Registry(http, self.image.registry).manifest(self.image.repository, tag)
        except RegistryError as error:
            raise RegistryError(
                f"{self.image}:{tag} was pushed, but not everybody may pull it. {error.problem}",
                "Give `allUsers` the right to read the repository, or leave out `public-check`.",
            ) from error
        self.tell("Everybody may pull it.")

    def _push_layers(self, docker: Docker, reference: str) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                docker.push(reference)
            except CommandError as error:
                last = error.last_line or error.problem
                if attempt == _ATTEMPTS or _NOT_PASSING.search(last):
                    times = f" in {attempt} attempts" if attempt > 1 else ""
                    raise RegistryError(
                        f"{reference} could not be pushed{times}: {last.rstrip('.')}.", _how_to_push(last)
                    ) from error
                self.warn(f"The registry did not take the image ({last}); another attempt is made.")
                self.sleep(2.0**attempt / 2)
            else:
                return


def _how_to_push(said: str) -> str:
    if "immutable" in said.lower():
        return "The registry keeps every tag as it is: set `reuse: false`, and give each build its own tag."
    if _NOT_PASSING.search(said):
        return "Give the account of `registry-password` the right to write to the repository."
    return "The registry has a problem that may pass: run again later."
