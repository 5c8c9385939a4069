"""What an image is made from, under one digest: the same inputs need no second build."""

import hashlib
import json
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.repo2docker import base_image, is_known
from hub_image_actions.build.settings import BuildSettings, HubSettings, decides_the_image
from hub_image_actions.build.staging import digest_of
from hub_image_actions.errors import ActionError
from hub_image_actions.images.dockerfile_sources import UnknownImage, image_sources
from hub_image_actions.images.tags import INPUTS_PREFIX
from hub_image_actions.references import ImageReference, find_reference
from hub_image_actions.registry.client import Registry

# Counted up when the actions begin to make something else of the same inputs, or write them out differently:
# then every image is built once more.
_FORMAT = 4
# A value of an input, as JSON has it.
Written = str | int | list["Written"] | dict[str, "Written"]
# What the kernel calls machines, and what images do.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class BuildInputs:
    """Everything that decides what is in an image.

    Args:
        settings: the inputs of the action that matter, by name, see :func:`settings_that_matter`.
        files: everything that the builder gets, and what the image is tested with, each entry with its kind,
            its permissions, and the digest of its content.
        bases: the images that it is made from, each with its digest.
        platform: the platform that it is built for.
    """

    settings: Mapping[str, Written]
    files: Mapping[str, str]
    bases: Mapping[str, str]
    platform: str = ""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 digest of all of it, in hexadecimal digits."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @cached_property
    def own_digest(self) -> str:
        """The same of all but the base images' digests, which change without a change of the repository."""
        return hashlib.sha256(replace(self, bases={}).canonical.encode()).hexdigest()

    @property
    def canonical(self) -> str:
        """What the digest is made of: JSON without spaces, the keys of each object in order, in ASCII."""
        content = {
            "format": _FORMAT,
            "settings": self.settings,
            "files": self.files,
            "bases": self.bases,
            "platform": self.platform,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    @property
    def tag(self) -> str:
        """The tag that says what an image was made from; no hub uses it."""
        return f"{INPUTS_PREFIX}{self.digest}"


class InputsUnknown(ActionError):
    """What an image is made of cannot be told: it is built, and never used again."""


def read_build_inputs(
    settings: BuildSettings,
    context: BuildContext,
    entries: Mapping[str, str],
    registry_of: Callable[[str], Registry],
    checkout: Path,
    platform: str,
) -> BuildInputs:
    """Return what an image would be made from now.

    Args:
        settings: the inputs of the action.
        context: the folder that it is built from.
        entries: what the builder gets of it, see :class:`StagedContext`.
        registry_of: returns the registry of a host, to ask for the digests of base images.
        checkout: the folder of the repository, outside of which nothing is read.
        platform: the platform that was asked for; empty: this machine's own.

    Raises:
        RegistryError: a base image is in no registry that can be asked.
        InputsUnknown: what it is built on cannot be told.
        TooMuchToRead: what it is tested with has too many files, or they lie too deep.
    """

    def digest(base: ImageReference) -> str:
        registry = registry_of(base.name.registry)
        return base.digest or registry.digest(base.name.repository, base.tag or "latest")

    bases = {str(base): digest(base) for base in _bases(settings, context)}
    # Outside of what is built, these are read from the checkout: what is tested with them is kept as tested.
    read = (settings.appendix_file, settings.tests_dir, settings.hub.browser_tests_dir)
    # No entry of what is staged begins with a slash.
    beside = {f"/{name}": digest_of(context.folder / name, checkout) for name in read if name}
    # A variant, as that of `linux/arm/v7`, makes another image too.
    built_for = "/".join((*expected_platform(platform), *platform.split("/")[2:]))
    return BuildInputs(settings_that_matter(settings), {**entries, **beside}, bases, built_for)


def _bases(settings: BuildSettings, context: BuildContext) -> tuple[ImageReference, ...]:
    """Return the images that an image is made from.

    Raises:
        InputsUnknown: they cannot be told.
    """
    dockerfile = context.dockerfile_path(settings.builder)
    text = dockerfile.read_bytes() if dockerfile else b""
    if settings.builder == "docker":
        return _sources(text, settings.build_args)
    if not is_known(settings.repo2docker, settings.repo2docker_args):
        arguments = shlex.join(settings.repo2docker_args)
        raise InputsUnknown(f"What {settings.repo2docker} takes with {arguments!r} can change.")
    appendix = (context.folder / settings.appendix_file).read_bytes() if settings.appendix_file else b""
    # An appendix is a part of the Dockerfile that repo2docker writes, in its last stage.
    sources = (
        *_sources(text, settings.build_args),
        *_sources(b"FROM scratch\n" + appendix, settings.build_args),
    )
    if dockerfile:
        return sources
    base = find_reference(base_image(settings.repo2docker, settings.repo2docker_args))
    if base is None:
        raise InputsUnknown(f"Which image {settings.repo2docker} builds on is not known.")
    return (base, *sources)


def _sources(content: bytes, arguments: Mapping[str, str]) -> tuple[ImageReference, ...]:
    try:
        return image_sources(content, arguments)
    except UnknownImage as error:
        raise InputsUnknown(error.problem, error.remedy) from error


def settings_that_matter(settings: BuildSettings | HubSettings) -> dict[str, Written]:
    """Return the inputs of the action that decide what is in the image, and how it was tested.

    Each setting says so itself, where it is declared.
    """
    return {
        setting.name: _written(getattr(settings, setting.name))
        for setting in fields(settings)
        if decides_the_image(setting)
    }


def _written(value: object) -> Written:
    """Return a setting as JSON has it.

    Raises:
        TypeError: nobody has said how such a value is written; what Python makes of it may change.
    """
    if isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _written(item) for name, item in value.items()}
    if isinstance(value, HubSettings):
        return settings_that_matter(value)
    raise TypeError(f"A {type(value).__name__} has no form for the digest of an image's inputs.")


def expected_platform(platform: str) -> tuple[str, str]:
    """Return the operating system and the architecture that an image is built for.

    Args:
        platform: what was asked for, as `linux/amd64`; empty: this machine's own.
    """
    system, _, rest = platform.partition("/")
    machine = os.uname().machine
    return system or "linux", rest.partition("/")[0] or _ARCHITECTURES.get(machine, machine)
