"""What is deployed: the image references that stand in a snapshot of a deployments repository."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from hub_image_actions.deployments.documents import sightings
from hub_image_actions.deployments.files import File, FileReference
from hub_image_actions.deployments.holds import find_hold
from hub_image_actions.deployments.sightings import Obstacle, Sighting
from hub_image_actions.errors import MalformedHold
from hub_image_actions.references import ImageName, ImageReference, find_reference

ANY_USER_IMAGE = "*user-images/*"
_DEPLOYMENTS = "deployments"
# Texts that may be references; the grammar of references decides.
_TOKEN = re.compile(r"[A-Za-z0-9][\w.:-]*/[\w.:@/-]*\w")
# What these mark names an image, and deploys none.
_DEPLOYS_NOTHING = frozenset({Obstacle.FORMAT_STRING, Obstacle.PART_OF_A_TEXT, Obstacle.ENCRYPTED})


@dataclass(frozen=True)
class Deployed(FileReference):
    """A reference to an image that a hub runs.

    Args:
        image: the image as written.
        tag: its tag; empty where there is none.
        digest: its digest; empty where there is none.
        hold: what keeps it where it is, such as ``held until 2026-12-18: finals week``; empty if not held.
        problem: what is wrong with the reference, in words for the person who can fix it.
    """

    image: ImageName
    tag: str
    digest: str
    hold: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Wanted:
    """Which references count.

    Args:
        images: the images that are known by name; one without a host stands for any registry.
        pattern: a shell pattern; images whose names match it count as well.
        paths: the folders of the deployments.
        day: the day on which holds are judged, see :func:`hub_image_actions.deployments.holds.today`.
        other_branches: branches whose files do not count: ``config/prod.yaml`` says nothing of staging.
        names: names in small letters; images whose last part is one of them count as well.
    """

    images: tuple[ImageName, ...]
    day: date
    pattern: str = ANY_USER_IMAGE
    paths: tuple[str, ...] = (_DEPLOYMENTS,)
    other_branches: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()

    def counts(self, image: ImageName) -> bool:
        """Say whether an image counts by its name, whoever knows it."""
        return fnmatchcase(str(image), self.pattern) or image.short.lower() in self.names


def deployed(files: Mapping[str, bytes], wanted: Wanted) -> tuple[tuple[Deployed, ...], tuple[str, ...]]:
    """Return the references that stand in a repository's files, and what could not be read.

    A reference without tag and digest counts only where its hub has no other to the image: charts give
    name and tag in different files.

    Args:
        files: the files' content by path.
        wanted: which references count.
    """
    references: list[Deployed] = []
    problems: list[str] = []
    for path in sorted(files):
        if not _is_asked_for(path, wanted):
            continue
        try:
            references += _in_file(path, files[path].decode(), wanted)
        except UnicodeDecodeError:
            problems.append(f"{path} is not UTF-8; what it deploys is not known.")
    pinned = {
        (reference.hub, reference.image.core) for reference in references if reference.tag or reference.digest
    }
    return tuple(
        reference
        for reference in references
        if reference.tag or reference.digest or (reference.hub, reference.image.core) not in pinned
    ), tuple(problems)


def hub_of(path: str) -> str:
    """Return the folder of the deployment that a file belongs to: the one below ``deployments``."""
    folders = PurePosixPath(path).parts[:-1]
    if _DEPLOYMENTS in folders[:-1]:
        return folders[folders.index(_DEPLOYMENTS) + 1]
    return folders[-1] if folders else ""


def _is_asked_for(path: str, wanted: Wanted) -> bool:
    inside = any(folder in {".", ""} or path.startswith(f"{folder.rstrip('/')}/") for folder in wanted.paths)
    name = PurePosixPath(path)
    return inside and name.stem not in wanted.other_branches and File(Path(path), path, "").is_yaml


def _in_file(path: str, text: str, wanted: Wanted) -> Iterator[Deployed]:
    lines = text.split("\n")
    seen: set[tuple[int, int, str]] = set()
    for image in _images_in(text, wanted):
        for sighting in sightings(text, image)[0]:
            # A name without a host covers the same places as one with it.
            place = (sighting.line, sighting.start, sighting.image)
            reference = find_reference(sighting.image)
            if place in seen or reference is None or sighting.obstacle in _DEPLOYS_NOTHING:
                continue
            seen.add(place)
            yield _deployed(path, lines, sighting, reference, wanted.day)


def _images_in(text: str, wanted: Wanted) -> Sequence[ImageName]:
    """Return the images to look for in a text: the known ones and those whose names match the pattern."""
    known = [image for image in wanted.images if image.core in text]
    written = (find_reference(token) for token in dict.fromkeys(_TOKEN.findall(text)))
    matching = (reference.name for reference in written if reference and wanted.counts(reference.name))
    others = (name for name in matching if not any(image.covers(name) for image in known))
    return list(dict.fromkeys([*known, *others]))


def _deployed(
    path: str, lines: Sequence[str], sighting: Sighting, reference: ImageReference, day: date
) -> Deployed:
    hold = problem = ""
    try:
        kept = find_hold(lines, sighting.own_lines, file=path)
        hold = str(kept) if kept and day <= kept.until else ""
    except MalformedHold as error:
        problem = str(error)
    tag, digest = sighting.tag, sighting.digest or reference.digest
    return Deployed(
        hub=hub_of(path),
        image=reference.name,
        tag=tag,
        digest=digest,
        file=path,
        line=sighting.line,
        hold=hold,
        problem=problem,
    )
