"""The context of a build, staged: a folder of ours that holds what can enter the image, and nothing else.

The builder works on this folder, and the digest of an image's inputs is made of its entries: so what counts
is what is built, whatever a repository links to, ignores, or hides from git.
"""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hub_image_actions.build.ignore_rules import IgnoreRules
from hub_image_actions.build.read_entries import check_extent, content_digest, read_entries
from hub_image_actions.errors import ActionError

_GIT = ".git"
_PERMISSIONS = 0o7777


class StagingError(ActionError):
    """The context cannot be staged as it is."""


@dataclass(frozen=True)
class StagedContext:
    """What a build gets.

    Args:
        folder: the folder.
        entries: each file, folder and link in it by its name, and the folder itself as `.`: kind,
            permissions, and the digest of its content or where it leads.
        warnings: what was left out.
    """

    folder: Path
    entries: Mapping[str, str]
    warnings: tuple[str, ...] = ()


@contextmanager
def staged(
    context: Path, checkout: Path, folder: Path, rules: Sequence[IgnoreRules], always: frozenset[str]
) -> Iterator[StagedContext]:
    """Stage a context for as long as the block lasts.

    Args:
        context: the folder that an image is to be built from.
        checkout: the folder of the repository that it lies in; a link may lead anywhere in it.
        folder: a folder that is not there yet; it must not lie in the context.
        rules: what all of them keep out is left out: it is not always known which of them a builder reads.
        always: the names of what is staged whatever the rules say, as Dockerfiles are.

    Raises:
        StagingError: the folder lies in the context, or a file cannot be read or staged.
        TooMuchToRead: there are too many files, or they lie too deep.
    """
    if folder.resolve().is_relative_to(context.resolve()):
        raise StagingError(
            f"The folder for temporary files lies in the folder that is built: {folder}.",
            "Set RUNNER_TEMP, or TMPDIR on a laptop, to a folder outside of it.",
        )
    staging = _Staging(context.resolve(), checkout.resolve(), rules, always)
    try:
        yield _staged(staging, folder)
    finally:
        _remove(folder)


def _staged(staging: "_Staging", folder: Path) -> StagedContext:
    try:
        return staging.into(folder)
    except OSError as error:
        raise StagingError(
            f"{error.filename} cannot be staged for the build: {error.strerror}.",
            "Look at its permissions and at the disk.",
        ) from error


def digest_of(path: Path, checkout: Path) -> str:
    """Return what tells a file or folder from another: of a folder, all that is below it, links followed.

    Args:
        path: the file or folder, which need not be there.
        checkout: the folder of the repository, outside of which nothing is read.

    Raises:
        TooMuchToRead: it is too large or too deep.
    """
    content = json.dumps(read_entries(path, "", checkout))
    return f"entries {hashlib.sha256(content.encode()).hexdigest()}"


@dataclass
class _Staging:
    context: Path
    checkout: Path
    rules: Sequence[IgnoreRules]
    always: frozenset[str]
    leads: list[Path] = field(default_factory=list)
    # The files that are staged: under two names, the builder would take one for a hard link to the other.
    taken: set[tuple[int, int]] = field(default_factory=set)
    entries: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def into(self, folder: Path) -> StagedContext:
        folder.mkdir(mode=0o700, parents=True)
        for child in sorted(self.context.iterdir()):
            self._add(child, child.name, folder / child.name)
        self._close(self.context.stat().st_mode, ".", folder)
        return StagedContext(folder, dict(sorted(self.entries.items())), tuple(self.warnings))

    def _add(self, path: Path, name: str, new: Path) -> None:
        """Add what is at a path under a name; `path` is elsewhere where a link has led out of the context."""
        if path.name == _GIT:
            return
        check_extent(name, len(self.entries))
        is_kept_out = bool(self.rules) and all(rules.excludes(name) for rules in self.rules)
        is_kept_out = is_kept_out and name not in self.always
        if path.is_symlink() and not is_kept_out:
            self._add_link(path, name, new)
        elif path.is_dir() and not path.is_symlink():
            self._add_folder(path, name, new, is_kept_out=is_kept_out)
        elif not is_kept_out:
            self._add_file(path, name, new)

    def _add_folder(self, path: Path, name: str, new: Path, *, is_kept_out: bool) -> None:
        if is_kept_out and not self._may_take_in(name):
            return
        mode, before = path.stat().st_mode, len(self.entries)
        new.mkdir(mode=0o700)
        for child in sorted(path.iterdir()):
            self._add(child, f"{name}/{child.name}", new / child.name)
        if is_kept_out and len(self.entries) == before:
            # Nothing below it is taken in again.
            new.rmdir()
            return
        self._close(mode, name, new)

    def _close(self, mode: int, name: str, new: Path) -> None:
        """Give a folder its permissions once all is in it: it may be one that nobody can write to."""
        new.chmod(stat.S_IMODE(mode))
        # What counts is what is built: not everybody can give a folder to each group.
        self.entries[name] = _described("folder", new.stat().st_mode, "")

    def _may_take_in(self, name: str) -> bool:
        """Say whether something below a folder that is kept out may be staged."""
        inside = f"{name}/"
        return any(rules.looks_into(name) for rules in self.rules) or any(
            wanted.startswith(inside) for wanted in self.always
        )

    def _add_file(self, path: Path, name: str, new: Path) -> None:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            self.warnings.append(f"{name} is not a file, folder or link, and is left out of the build.")
            return
        same = (status.st_dev, status.st_ino)
        _copy(path, new, as_link=same not in self.taken)
        self.taken.add(same)
        self.entries[name] = _described("file", new.stat().st_mode, content_digest(new))

    def _add_link(self, path: Path, name: str, new: Path) -> None:
        text = os.readlink(path)  # noqa: PTH115  # the text itself, which Path would clean
        target = _target(path)
        stays = target is None or (target.is_relative_to(self.context) and not text.startswith("/"))
        if target and self._is_ours(target) and (not stays or name in self.always):
            # Where the link leads is not where the builder works: it gets what is there.
            self.leads.append(target)
            self._add_target(target, name, new)
            self.leads.pop()
            return
        if name in self.always:
            # From where it is staged, it could lead to a file of the runner.
            raise StagingError(
                f"{name} is a link to nothing in the repository.", "Put the file or folder itself there."
            )
        new.symlink_to(text)
        self.entries[name] = _described("link", 0, text)

    def _add_target(self, target: Path, name: str, new: Path) -> None:
        if target.is_dir():
            self._add_folder(target, name, new, is_kept_out=False)
        else:
            self._add_file(target, name, new)

    def _is_ours(self, target: Path) -> bool:
        """Say whether a link leads to something of the repository, and not round in a circle."""
        inside = target.is_relative_to(self.checkout) and _GIT not in target.relative_to(self.checkout).parts
        in_a_circle = any(lead.is_relative_to(target) for lead in (self.context, *self.leads))
        return inside and target.exists() and not in_a_circle


def _target(path: Path) -> Path | None:
    """Return where a link leads in the end; None where it leads round in a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return None


def _copy(path: Path, new: Path, *, as_link: bool) -> None:
    if as_link:
        with suppress(OSError):
            # The same file under another name costs nothing, and keeps its permissions.
            os.link(path, new, follow_symlinks=False)
            return
    # Another file system, a file that is not ours, or one that is staged already.
    shutil.copy2(path, new)


def _described(kind: str, mode: int, content: str) -> str:
    return f"{kind} {mode & _PERMISSIONS:04o} {content}"


def _remove(folder: Path) -> None:
    """Remove a staged folder; its files are other names of the repository's, whose modes must not change."""
    for place, _, _ in os.walk(folder):
        with suppress(OSError):
            Path(place).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
