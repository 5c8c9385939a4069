"""An archive of Debian with only what some images install from it."""

import gzip
import hashlib
from email.utils import formatdate
from pathlib import Path

from testbed.process import run

COMPONENT = "main/binary-amd64"
RELEASE = """Origin: testbed
Suite: {suite}
Codename: {suite}
Architectures: amd64 all
Components: main
Date: {date}
SHA256:
"""


def write_index(folder: Path, suite: str) -> None:
    """Write what apt asks an archive for, from the packages in its `pool`.

    Args:
        folder: the archive's folder.
        suite: the name of the release.

    Source: https://wiki.debian.org/DebianRepository/Format
    """
    release = folder / "dists" / suite
    (release / COMPONENT).mkdir(parents=True)
    packages = "\n".join(_stanza(path, folder) for path in sorted((folder / "pool").glob("*.deb"))).encode()
    contents = {"Packages": packages, "Packages.gz": gzip.compress(packages, mtime=0)}
    lines = []
    for name, content in contents.items():
        (release / COMPONENT / name).write_bytes(content)
        lines.append(f" {hashlib.sha256(content).hexdigest()} {len(content)} {COMPONENT}/{name}\n")
    head = RELEASE.format(suite=suite, date=formatdate(usegmt=True))
    (release / "Release").write_text(head + "".join(lines), encoding="utf-8")


def _stanza(package: Path, folder: Path) -> str:
    control = run(["dpkg-deb", "--field", str(package)]).strip()
    content = package.read_bytes()
    return (
        f"{control}\nFilename: {package.relative_to(folder)}\nSize: {len(content)}\n"
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
    )
