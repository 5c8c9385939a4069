"""What an image is made from, under one digest: the same inputs need no second build."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.repo2docker import base_image
from hub_image_actions.build.settings import BuildSettings, HubSettings, decides_the_image
from hub_image_actions.git import LocalRepository
from hub_image_actions.images.tags import INPUTS_PREFIX
from hub_image_actions.references import ImageReference, find_reference
from hub_image_actions.registry.client import Registry

# Counted up when the actions begin to make something else of the same inputs, or write them out differently:
# then every image is built once more.
_FORMAT = 2
# Files about the repository, not about the image.
_NOT_IN_THE_IMAGE = re.compile(
    r"(?:\.github/.*|\.git\w+|(?:README|LICEN[CS]E|CHANGELOG|CONTRIBUTING|CITATION)(?:\.\w+)?)",
    re.IGNORECASE,
)
# A value of an input, as JSON has it.
Written = str | int | list["Written"] | dict[str, "Written"]


@dataclass(frozen=True)
class BuildInputs:
    """Everything that decides what is in an image.

    Args:
        settings: the inputs of the action that matter, by name, see :func:`settings_that_matter`.
        files: the files that matter, each with its mode and the digest of its content.
        bases: the base images, each with its digest.
    """

    settings: Mapping[str, Written]
    files: Mapping[str, str]
    bases: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 digest of all of it, in hexadecimal digits."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @property
    def canonical(self) -> str:
        """What the digest is made of: JSON without spaces, the keys of each object in order, in ASCII."""
        content = {
            "format": _FORMAT,
            "settings": self.settings,
            "files": self.files,
            "bases": self.bases,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)

    @property
    def tag(self) -> str:
        """The tag that says what an image was made from; no hub uses it."""
        return f"{INPUTS_PREFIX}{self.digest}"


def read_build_inputs(
    settings: BuildSettings, context: BuildContext, registry_of: Callable[[str], Registry]
) -> BuildInputs:
    """Return what an image would be made from now.

    Args:
        settings: the inputs of the action.
        context: the folder that it is built from.
        registry_of: returns the registry of a host, to ask for the digests of base images.

    Raises:
        RegistryError: a base image is in no registry that can be asked.
    """

    def digest(base: ImageReference) -> str:
        registry = registry_of(base.name.registry)
        return base.digest or registry.digest(base.name.repository, base.tag or "latest")

    bases = {str(base): digest(base) for base in _bases(settings, context)}
    names = LocalRepository(context.folder).files()
    return BuildInputs(settings_that_matter(settings), files_that_matter(context.folder, names), bases)


def _bases(settings: BuildSettings, context: BuildContext) -> tuple[ImageReference, ...]:
    if settings.builder == "docker" or context.dockerfile_path(settings.builder):
        return context.base_images(settings.builder)
    chosen = find_reference(base_image(settings.repo2docker, settings.repo2docker_args))
    return (chosen,) if chosen else ()


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


def files_that_matter(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the files of a folder that can get into the image or test it, each with mode and digest.

    Args:
        folder: the folder.
        names: the files in it, relative to it; what is gone is left out.
    """
    return {
        name: _fingerprint(folder / name)
        for name in sorted(names)
        if not _NOT_IN_THE_IMAGE.fullmatch(name) and os.path.lexists(folder / name)
    }


def _fingerprint(path: Path) -> str:
    if path.is_symlink():
        return f"link {path.readlink()}"
    if path.is_dir():
        # A submodule, of which git lists the folder only: what is in it counts.
        inside = sorted(below for below in path.rglob("*") if below.is_file() and ".git" not in below.parts)
        return "folder " + " ".join(f"{below.relative_to(path)}={_fingerprint(below)}" for below in inside)
    mode = "executable" if path.stat().st_mode & 0o100 else "file"
    return f"{mode} {hashlib.sha256(path.read_bytes()).hexdigest()}"
