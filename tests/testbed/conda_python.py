"""Debian's CPython as a conda package: it looks for its packages where conda's does."""

import tempfile
from pathlib import Path

from testbed.conda_lock import LockedPackage
from testbed.conda_package import CondaPackage
from testbed.debian import download
from testbed.process import ProgramError, run

# The first minor version of Python 3 that has no distutils.
WITHOUT_DISTUTILS = 12
UNUSED = frozenset({"__pycache__", "idlelib", "test", "turtledemo", "ensurepip", "tkinter", "pydoc_data"})
# Debian's own, which make pip refuse to install.
LEFT_OUT = frozenset({"EXTERNALLY-MANAGED", "sitecustomize.py"})
SYSCONFIG = ("sysconfig.py", "sysconfig/__init__.py")
# Debian's CPython 3.11 and newer install to dist-packages, unless a variable says otherwise.
DEBIANS_LAYOUT = {
    b"os.environ.get('DEB_PYTHON_INSTALL_LAYOUT', 'posix_local')": b"'posix_prefix'",
    b"prefix_scheme = 'posix_local'": b"prefix_scheme = 'posix_prefix'",
}
# Debian's `site` is frozen into the program and knows dist-packages only: that leads to site-packages.
LEADS_ON = b"import os, site; site.addsitedir(os.path.join(os.path.dirname(os.__file__), 'site-packages'))\n"


def debians_python(version: str, suite: str, like: LockedPackage) -> CondaPackage:
    """Return the CPython of a release of Debian as a package.

    Args:
        version: its version, such as `3.13`.
        suite: the release.
        like: how a list names the package.

    Raises:
        ProgramError: it cannot be fetched, or is not made as expected.
    """
    package = CondaPackage(like.name, like.version, like.build, like.subdir, build_number=like.build_number)
    package.depends = [
        "tzdata",
        f"python_abi {version}.* *_cp{version.replace('.', '')}",
        "openssl",
        "libsqlite",
    ]
    with tempfile.TemporaryDirectory() as folder:
        tree = _unpacked(version, suite, Path(folder))
        _add_library(package, tree / f"usr/lib/python{version}", f"lib/python{version}")
        package.add(f"bin/python{version}", (tree / f"usr/bin/python{version}").read_bytes(), 0o755)
    package.add(f"lib/python{version}/dist-packages/site-packages.pth", LEADS_ON)
    for name in ("python3", "python"):
        package.link(f"bin/{name}", f"python{version}")
    return package


def _unpacked(version: str, suite: str, folder: Path) -> Path:
    names = [f"python{version}-minimal", f"libpython{version}-minimal", f"libpython{version}-stdlib"]
    if int(version.partition(".")[2]) < WITHOUT_DISTUTILS:
        # Debian keeps it apart; conda-forge's CPython has it.
        names.append("python3-distutils")
    download(names, suite, folder)
    for archive in folder.glob("*.deb"):
        run(["dpkg-deb", "-x", str(archive), str(folder / "tree")])
    return folder / "tree"


def _add_library(package: CondaPackage, library: Path, into: str) -> None:
    patched = 0
    for path in sorted(library.rglob("*")):
        name = path.relative_to(library)
        # A link that leads out of the library leads to what the image has, or to nothing.
        if path.is_dir() or not path.exists() or not UNUSED.isdisjoint(name.parts) or path.name in LEFT_OUT:
            continue
        content = path.read_bytes()
        if str(name) in SYSCONFIG:
            content, patched = _with_conda_layout(content), patched + 1
        package.add(f"{into}/{name}", content, 0o755 if path.stat().st_mode & 0o100 else 0o644)
    if not patched:
        raise ProgramError(f"{library}: no sysconfig where it was")


def _with_conda_layout(content: bytes) -> bytes:
    for debians, condas in DEBIANS_LAYOUT.items():
        if debians not in content:
            raise ProgramError(f"Debian's sysconfig is another than expected: no {debians!r}")
        content = content.replace(debians, condas)
    return content
