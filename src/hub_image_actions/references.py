"""Image references: registry host, path, tag and digest.

Source: the reference grammar of the distribution project (``reference/reference.go`` and
``reference/normalize.go`` of github.com/distribution/reference).
"""

import re
from dataclasses import dataclass, replace

from hub_image_actions.errors import InvalidReference

DOCKER_HUB = "docker.io"
# Where an image without a host in front is looked for, unless `registry` says otherwise.
DEFAULT_REGISTRY = "us-central1-docker.pkg.dev"
_DOCKER_HUB_ALIASES = {"index.docker.io", "registry-1.docker.io"}

_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = rf"{_PATH_PART}(?:/{_PATH_PART})*"
_TAG = r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"

HOST = re.compile(_HOST)
TAG = re.compile(_TAG)
DIGEST = re.compile(_DIGEST)
_REFERENCE = re.compile(rf"(?P<name>(?:{_HOST}/)?{_PATH})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?")
_LONGEST_PATH = 255
# The algorithms that image specifications register, and how many hexadecimal digits they give.
_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
# What was built anew of a commit bears the day behind it, and a number from the second time of a day on.
_REBUILT = re.compile(r"(?P<commit>[0-9a-f]{7,40})-\d{4}-\d{2}-\d{2}(?:-\d{1,4})?")


@dataclass(frozen=True)
class ImageName:
    """An image without tag and digest.

    Args:
        host: the registry's host, with its port where it has one; empty where none was written.
        path: the repository in that registry.
    """

    host: str
    path: str

    def __str__(self) -> str:
        return f"{self.host}/{self.path}" if self.host else self.path

    @property
    def registry(self) -> str:
        """The host that serves this image: a name without a host is Docker Hub's."""
        host = self.host.lower() or DOCKER_HUB
        return DOCKER_HUB if host in _DOCKER_HUB_ALIASES else host

    @property
    def repository(self) -> str:
        """The path as the registry knows it: Docker Hub's official images live under ``library/``."""
        official = self.registry == DOCKER_HUB and "/" not in self.path
        return f"library/{self.path}" if official else self.path

    @property
    def core(self) -> str:
        """The part that every way to write this image contains: Docker Hub's ``library/`` may be left out."""
        return self.path.removeprefix("library/") if self.registry == DOCKER_HUB else self.path

    @property
    def short(self) -> str:
        """The last part of the path: what people call the image."""
        return self.path.rpartition("/")[2]

    @property
    def is_official(self) -> bool:
        """Whether it is written as Docker Hub's official images are: ``ubuntu`` or ``library/ubuntu``."""
        return not self.host and "/" not in self.path.removeprefix("library/")

    @property
    def canonical(self) -> "ImageName":
        """The same image by the one name that its registry has for it."""
        return ImageName(self.registry, self.repository)

    def on(self, registry: str) -> "ImageName":
        """Return this image on `registry` if no host was written, else itself."""
        return self if self.host or not registry else replace(self, host=registry)

    def covers(self, other: "ImageName") -> bool:
        """Say whether `other` is this image; a name without a host stands for any registry."""
        if not self.host and self.path == other.path:
            return True
        return (self.registry, self.repository) == (other.registry, other.repository)


@dataclass(frozen=True)
class ImageReference:
    """An image with what pins it: a tag, a digest, both or neither (then they are empty)."""

    name: ImageName
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


def find_reference(text: str) -> ImageReference | None:
    """Return the reference that `text` is, as a whole, or None where it is something else."""
    match = _REFERENCE.fullmatch(text)
    if not match:
        return None
    name = _split_host(match["name"])
    if len(name.path) > _LONGEST_PATH:
        return None
    return ImageReference(name, match["tag"] or "", match["digest"] or "")


def parse_reference(text: str) -> ImageReference:
    """Return the image reference that `text` is.

    Raises:
        InvalidReference: the text does not follow the grammar.
    """
    reference = find_reference(text)
    if reference is None:
        raise InvalidReference(
            f"{text!r} is not an image reference.",
            "Write it as `registry.example.org/path/to/image:tag`; the path is lower case.",
        )
    return reference


def parse_image_name(text: str) -> ImageName:
    """Return the image name that `text` is, with or without a registry host.

    Raises:
        InvalidReference: the text does not follow the grammar, or carries a tag or digest.
    """
    reference = find_reference(text)
    if reference is None or reference.tag or reference.digest:
        raise InvalidReference(
            f"{text!r} is not the name of an image.",
            "Write it without tag and digest, with or without the registry's host, as "
            "`us-central1-docker.pkg.dev/project/user-images/data100-user-image`; it is lower case.",
        )
    return reference.name


def parse_tag(text: str) -> str:
    """Return `text` if it can be an image's tag.

    Raises:
        InvalidReference: the text does not follow the grammar.
    """
    if not TAG.fullmatch(text):
        raise InvalidReference(
            f"{text!r} is not an image tag.",
            "A tag has at most 128 letters, digits, `_`, `.` and `-`, and begins with none of the last two.",
        )
    return text


def parse_digest(text: str) -> str:
    """Return `text` if it can be a manifest's digest.

    Raises:
        InvalidReference: the text does not follow the grammar.
    """
    algorithm, _, digits = text.partition(":")
    known = _DIGITS.get(algorithm)
    if not DIGEST.fullmatch(text) or (known and (len(digits) != known or digits != digits.lower())):
        raise InvalidReference(
            f"{text!r} is not a digest.",
            "Write it as `sha256:` and sixty-four digits or letters from a to f.",
        )
    return text


def is_commit(tag: str) -> bool:
    """Say whether `tag` can be the abbreviated name of a git commit."""
    return bool(_COMMIT.fullmatch(tag))


def commit_of(tag: str) -> str:
    """Return the commit that a tag names, as `511c4637d702` or `511c4637d702-2026-11-23-2`; else nothing."""
    match = _REBUILT.fullmatch(tag)
    return match["commit"] if match else tag if is_commit(tag) else ""


def _split_host(name: str) -> ImageName:
    # The first part is a host only where it cannot be part of a path: `localhost`, or with a dot, a
    # port or an upper-case letter in it.
    first, slash, rest = name.partition("/")
    if slash and (first == "localhost" or first != first.lower() or {".", ":"} & set(first)):
        return ImageName(first, rest)
    return ImageName("", name)
