"""What a run left, read as from a stranger: one file of an archive, of a limited size, never on the disk.

Whoever may change a workflow in a fork chooses what its runs leave. Sources:
https://docs.github.com/en/rest/actions/artifacts and https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
"""

import io
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass

from hub_image_actions.errors import ActionError
from hub_image_actions.github.client import PAGE, GitHub
from hub_image_actions.github.finished_run import FinishedRun
from hub_image_actions.github.values import Json, as_described

_ENCRYPTED = 1
# What archives that are damaged, or made to do damage, make Python's reader raise.
_DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
)


class UnusableArtifact(ActionError):
    """What a run left is not what it should have left."""


@dataclass(frozen=True)
class RunArtifacts:
    """The artifacts of one run.

    Args:
        github: who asks; what sends its requests takes no answer that is larger than an artifact may be.
        repository: the repository whose workflow ran, ``owner/name``.
        run: the run.
    """

    github: GitHub
    repository: str
    run: FinishedRun

    # https://docs.github.com/en/rest/actions/artifacts#list-workflow-run-artifacts
    @as_described()
    def find(self, name: str) -> Json | None:
        """Return the newest artifact of that name that this attempt left; None where there is none."""
        path = f"/repos/{self.repository}/actions/runs/{self.run.id}/artifacts"
        listed: list[Json] = self.github.get(path, name=name, per_page=PAGE)["artifacts"]
        # An earlier attempt's is still there where this one left none; GitHub writes all times in one form.
        found = [
            artifact
            for artifact in listed
            if artifact["name"] == name
            and not artifact["expired"]
            and str(artifact["created_at"] or "") >= self.run.started
        ]
        return max(found, key=lambda artifact: int(artifact["id"]), default=None)

    # https://docs.github.com/en/rest/actions/artifacts#download-an-artifact
    def read(self, artifact: Json, file: str, most: int) -> bytes:
        """Return the one file of an artifact.

        Args:
            artifact: the artifact.
            file: what the file is called.
            most: the bytes that the archive, and the file, may have.

        Raises:
            UnusableArtifact: it is too large, or holds something else.
            GitHubError: GitHub does not give it.
        """
        size = artifact.get("size_in_bytes")
        if not isinstance(size, int) or size > most:
            raise UnusableArtifact(f"It has more than {most >> 10} KiB.")
        number = int(artifact["id"])
        content = self.github.download(f"/repos/{self.repository}/actions/artifacts/{number}/zip")
        return only_file(content, file, most)


def only_file(archive: bytes, file: str, most: int) -> bytes:
    """Return the one file that an archive holds.

    Args:
        archive: the archive, as ZIP has it.
        file: what the file is called: an archive with any other is none of ours.
        most: the bytes that the archive, and the file, may have.

    Raises:
        UnusableArtifact: it is too large, damaged, or holds something else.
    """
    if len(archive) > most:
        raise UnusableArtifact(f"It has more than {most >> 10} KiB.")
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            member = _member(opened.infolist(), file, most)
            with opened.open(member) as source:
                # Its size is what it says of itself, and what is unpacked may be without end.
                content = source.read(most + 1)
    except _DAMAGED as error:
        raise UnusableArtifact("It is no archive that can be read.") from error
    if len(content) > most:
        raise UnusableArtifact(f"Its file has more than {most >> 10} KiB.")
    return content


def _member(members: list[zipfile.ZipInfo], file: str, most: int) -> zipfile.ZipInfo:
    if [member.filename for member in members] != [file]:
        raise UnusableArtifact("It does not hold the one file that it should.")
    (member,) = members
    mode = member.external_attr >> 16
    if (mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}) or member.flag_bits & _ENCRYPTED:
        raise UnusableArtifact("What it holds is no plain file.")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise UnusableArtifact("Its file is packed in another way than artifacts are.")
    if member.file_size > most:
        raise UnusableArtifact(f"Its file has more than {most >> 10} KiB.")
    return member
