"""An archive of Debian with only what some images install from it."""

import gzip
import hashlib
import tempfile
from email.utils import formatdate
from pathlib import Path

from testbed.process import run

COMPONENT = "main/binary-amd64"
CONTROL = """Package: {name}
Version: 0
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: stands for a package of Debian
"""
RELEASE = """Origin: testbed
Suite: {suite}
Codename: {suite}
Architectures: amd64 all
Components: main
Date: {date}
SHA256:
"""


def add_empty(name: str, folder: Path) -> None:
    """Put a package into a folder that holds nothing."""
    with tempfile.TemporaryDirectory() as tree:
        control = Path(tree, "DEBIAN/control")
        control.parent.mkdir()
        control.write_text(CONTROL.format(name=name), encoding="utf-8")
        run(["dpkg-deb", "--build", tree, str(folder / f"{name}_0_all.deb")])


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
