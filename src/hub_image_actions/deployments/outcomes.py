"""Outcomes: what becomes of the references of one file, and why."""

from collections.abc import Sequence
from dataclasses import replace

from hub_image_actions.deployments.bump import ALREADY, Bump, BumpReference
from hub_image_actions.deployments.documents import sightings
from hub_image_actions.deployments.edits import Edit
from hub_image_actions.deployments.files import File
from hub_image_actions.deployments.holds import find_hold
from hub_image_actions.deployments.literals import literal_sightings
from hub_image_actions.deployments.sightings import Sighting
from hub_image_actions.deployments.soundness import is_broken_by
from hub_image_actions.errors import DeploymentsError


def plan_file(file: File, bump: Bump) -> tuple[list[BumpReference], Edit | None]:
    """Return the references of a file, and the edit that follows.

    Raises:
        DeploymentsError: the file cannot be read.
        MalformedHold: a reference carries a hold that does not say until when.
    """
    before = _content(file)
    try:
        text = before.decode()
    except UnicodeDecodeError:
        # Without NULs, the letters of a name in UTF-16 and UTF-32 are those of ASCII.
        if bump.image.core.encode() not in before.replace(b"\0", b""):
            return [], None
        unread = BumpReference(
            file=file.name,
            line=1,
            hub=file.hub,
            shape="file",
            profile="",
            image=str(bump.image),
            old="",
            reason="not UTF-8",
        )
        return [unread], None
    seen, parsed = _seen(text, file, bump)
    lines = text.split("\n")
    outcomes = [_outcome(sighting, bump, file, lines, parsed=parsed) for sighting in seen]
    moved = [sighting for sighting, reference in zip(seen, outcomes, strict=True) if reference.moved]
    after = _spliced(text, moved, bump, quoted=file.is_json)
    if moved and is_broken_by(text, after, file.language):
        reason = f"the edited file would not be {file.language}"
        return [replace(outcome, new="", reason=outcome.reason or reason) for outcome in outcomes], None
    return outcomes, Edit(file.name, file.path, before, after.encode()) if moved else None


def _seen(text: str, file: File, bump: Bump) -> tuple[list[Sighting], bool]:
    """Return the places of a file that name the image, and whether it was read as YAML."""
    if file.is_yaml or not file.language:
        return sightings(text, bump.image)
    return literal_sightings(text, bump.image, file.language), True


def _content(file: File) -> bytes:
    try:
        return file.path.read_bytes()
    except OSError as error:
        raise DeploymentsError(f"{file.name} cannot be read: {error.strerror}.") from error


def _spliced(text: str, moved: Sequence[Sighting], bump: Bump, *, quoted: bool) -> str:
    parts: dict[tuple[int, int], str] = {}
    for sighting in moved:
        digest = bump.digest if sighting.digest and not sighting.digest_key else ""
        parts[sighting.start, sighting.end] = sighting.spelling(bump.tag, digest, quoted=quoted)
        for span in sighting.others:
            parts[span.start, span.end] = span.spelling(bump.tag, bump.digest, quoted=quoted)
    pieces, done = [], 0
    for (start, end), new in sorted(parts.items()):
        pieces += [text[done:start], new]
        done = end
    return "".join([*pieces, text[done:]])


def _outcome(
    sighting: Sighting, bump: Bump, file: File, lines: Sequence[str], *, parsed: bool
) -> BumpReference:
    """Return what becomes of one reference, and why."""
    reason = _reason_to_stay(sighting, bump, file, lines)
    notes = (
        [] if parsed or reason or not file.is_yaml else ["the file is not YAML; edited by exact reference"]
    )
    if sighting.repeats and not reason:
        notes.append(sighting.repeats)
    if sighting.digest and not reason:
        notes.append("digest replaced" if bump.digest else "digest dropped: the new one is not known")
    return BumpReference(
        file=file.name,
        line=sighting.line,
        hub=file.hub,
        shape=sighting.shape,
        profile=sighting.profile,
        image=sighting.image,
        old=sighting.tag,
        new="" if reason else bump.tag,
        reason=reason,
        note="; ".join(notes),
    )


def _reason_to_stay(sighting: Sighting, bump: Bump, file: File, lines: Sequence[str]) -> str:
    if not file.language:
        return "not a YAML file"
    if sighting.obstacle:
        return sighting.obstacle.value
    if sighting.digest_key and not bump.digest:
        return f"pinned by `{sighting.digest_key}` beside the tag, and the new digest is not known"
    hold = find_hold(lines, sighting.own_lines, file=file.name)
    same_digest = not sighting.digest or bump.digest in {"", sighting.digest}
    if sighting.tag == bump.tag and same_digest:
        return ALREADY
    if bump.from_tag and sighting.tag != bump.from_tag:
        return f"other tag than {bump.from_tag}"
    return str(hold) if hold and bump.day <= hold.until else ""
