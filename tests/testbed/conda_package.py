"""Packages in conda's own formats, `.conda` and `.tar.bz2`, and the index of a channel that has them.

Source: https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html
"""

import bz2
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

# Replaced by the environment's own folder when a package is linked into it; what is longer is cut to fit.
PREFIX = "/opt/testbed_placehold" + "_placehold" * 20
SUBDIRS = ("linux-64", "noarch")
# Packages are made once and unpacked often; a higher level takes minutes and saves little.
LEVEL = 9


@dataclass(frozen=True)
class PackedFile:
    """A file of a package; one with a target is a link to it."""

    content: bytes = b""
    mode: int = 0o644
    target: str = ""

    def member(self, path: str) -> tuple[tarfile.TarInfo, bytes]:
        """Return the file as a member of an archive."""
        member = tarfile.TarInfo(path)
        member.mode, member.size = self.mode, len(self.content)
        if self.target:
            member.type, member.linkname = tarfile.SYMTYPE, self.target
        return member, self.content

    def described(self, path: str) -> dict[str, Any]:
        """Return what `info/paths.json` says of the file."""
        described = {
            "_path": path,
            "path_type": "softlink" if self.target else "hardlink",
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "size_in_bytes": len(self.content),
        }
        is_text = PREFIX.encode() in self.content
        return described | ({"file_mode": "text", "prefix_placeholder": PREFIX} if is_text else {})


@dataclass
class CondaPackage:
    """A package that is to be written into a channel.

    Attributes:
        name: its name.
        version: its version.
        build: which build of the version it is.
        subdir: the part of the channel that it is for.
        depends: what it needs, as conda's match specifications.
        build_number: the number of its build.
        entry_points: its commands, of a Python package that is for every platform; None for any other.
        files: what it holds, by path below the environment's folder.
    """

    name: str
    version: str
    build: str
    subdir: str
    depends: list[str] = field(default_factory=list)
    build_number: int = 0
    entry_points: list[str] | None = None
    files: dict[str, PackedFile] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The name of its file, without the extension."""
        return f"{self.name}-{self.version}-{self.build}"

    def add(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Put a file into the package."""
        self.files[path] = PackedFile(content, mode)

    def link(self, path: str, target: str) -> None:
        """Put a link into the package."""
        self.files[path] = PackedFile(target=target, mode=0o777)

    @property
    def index(self) -> dict[str, Any]:
        """What `info/index.json` says, and with checksums `repodata.json`."""
        is_python = self.entry_points is not None
        noarch = {"noarch": "python" if is_python else "generic"}
        return {
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "build_number": self.build_number,
            "depends": self.depends,
            "subdir": self.subdir,
            "timestamp": 1760000000000,
            **(noarch if self.subdir == "noarch" else {"arch": "x86_64", "platform": "linux"}),
        }

    def packed(self, extension: str = ".conda") -> bytes:
        """Return the package in the format that an extension stands for."""
        payload = [file.member(path) for path, file in sorted(self.files.items())]
        info = [PackedFile(text.encode()).member(path) for path, text in self._info().items()]
        if extension == ".tar.bz2":
            return bz2.compress(_tar([*info, *payload]))
        squeeze = zstandard.ZstdCompressor(level=LEVEL)
        return _zipped(self.stem, squeeze.compress(_tar(payload)), squeeze.compress(_tar(info)))

    def named_anew(self, other: bytes) -> bytes:
        """Return another package of the newer format with this one's name, and nothing else of it."""
        with zipfile.ZipFile(io.BytesIO(other)) as archive:
            parts = {name.partition("-")[0]: archive.read(name) for name in archive.namelist()}
        unpacked = zstandard.ZstdDecompressor().decompress(parts["info"])
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as archived:
            files = {member.name: archived.extractfile(member) for member in archived}
            info = {name: file.read() for name, file in files.items() if file}
        info["info/index.json"] = json.dumps(self.index).encode()
        members = [PackedFile(content).member(path) for path, content in info.items()]
        return _zipped(self.stem, parts["pkg"], zstandard.ZstdCompressor().compress(_tar(members)))

    def _info(self) -> dict[str, str]:
        paths = [file.described(path) for path, file in sorted(self.files.items())]
        info = {
            "info/index.json": json.dumps(self.index),
            "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
            "info/files": "".join(f"{path}\n" for path in sorted(self.files)),
            "info/about.json": "{}",
        }
        if self.entry_points is not None:
            noarch = {"type": "python", "entry_points": self.entry_points}
            info["info/link.json"] = json.dumps({"noarch": noarch, "package_metadata_version": 1})
        return info


class ChannelFolder:
    """A folder that becomes a channel: packages by subdir, and the index of each.

    Args:
        folder: the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records: dict[str, dict[str, dict[str, Any]]] = {subdir: {} for subdir in SUBDIRS}
        for subdir in SUBDIRS:
            (folder / subdir).mkdir(parents=True)

    def add(self, package: CondaPackage, extension: str = ".conda") -> None:
        """Write a package."""
        content, name = package.packed(extension), f"{package.stem}{extension}"
        (self.folder / package.subdir / name).write_bytes(content)
        checksums = {
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
        }
        self._records[package.subdir][name] = {**package.index, **checksums}

    def write_index(self) -> None:
        """Write what mamba asks for first: `repodata.json.zst`, and the same without compression."""
        for subdir, records in self._records.items():
            older = {name: record for name, record in records.items() if name.endswith(".tar.bz2")}
            newer = {name: record for name, record in records.items() if name.endswith(".conda")}
            index = {
                "info": {"subdir": subdir},
                "packages": older,
                "packages.conda": newer,
                "removed": [],
                "repodata_version": 1,
            }
            text = json.dumps(index).encode()
            (self.folder / subdir / "repodata.json").write_bytes(text)
            (self.folder / subdir / "repodata.json.zst").write_bytes(
                zstandard.ZstdCompressor().compress(text)
            )


def _zipped(stem: str, payload: bytes, info: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
        archive.writestr(f"pkg-{stem}.tar.zst", payload)
        archive.writestr(f"info-{stem}.tar.zst", info)
    return packed.getvalue()


def _tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()
