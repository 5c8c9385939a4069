"""What an image is made from, under one digest: the same inputs need no second build."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.repo2docker import base_image
from hub_image_actions.build.settings import BuildSettings
from hub_image_actions.git import LocalRepository
from hub_image_actions.images.tags import INPUTS_PREFIX
from hub_image_actions.references import ImageReference, find_reference
from hub_image_actions.registry.client import Registry

# Counted up when the actions begin to make something else of the same inputs.
_FORMAT = 1
# Files about the repository, not about the image.
_NOT_IN_THE_IMAGE = re.compile(
    r"(?:\.github/.*|\.git\w+|(?:README|LICEN[CS]E|CHANGELOG|CONTRIBUTING|CITATION)(?:\.\w+)?)",
    re.IGNORECASE,
)
# What says where an image goes, and which checks are asked for, but not what is in it.
_OF_THE_RUN = frozenset(
    {
        *("image", "tags", "push", "push_candidate", "public_check"),
        *("registry_username", "registry_password", "github_token"),
        *("reuse", "force", "reuse_max_age", "cache", "free_disk_space", "min_free_disk"),
        *("test", "hub_check", "hub_check_timeout", "packages", "inspection"),
    }
)


@dataclass(frozen=True)
class BuildInputs:
    """Everything that decides what is in an image.

    Args:
        settings: the inputs of the action that matter, by name.
        files: the files that matter, each with its mode and the digest of its content.
        bases: the base images, each with its digest.
    """

    settings: Mapping[str, object]
    files: Mapping[str, str]
    bases: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 digest of all of it, in hexadecimal digits."""
        content = json.dumps({"format": _FORMAT, **asdict(self)}, sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()

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


def settings_that_matter(settings: BuildSettings) -> dict[str, object]:
    """Return the inputs of the action that decide what is in the image, and how it was tested."""
    return {name: str(value) for name, value in sorted(vars(settings).items()) if name not in _OF_THE_RUN}


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
