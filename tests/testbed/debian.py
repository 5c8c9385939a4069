"""Programs from the Debian package sources that the machine itself is configured with."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testbed.cache import cache_folder, digest
from testbed.process import ProgramError, run

SOURCES = Path("/etc/apt")
RELEASE = Path("/etc/os-release")
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time make what is kept in the cache under a name."""
    with (cache_folder("locks") / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def codename() -> str:
    """Return the name of the machine's own release, such as `bookworm` (os-release(5))."""
    found = re.search(r'^VERSION_CODENAME="?(\w+)', RELEASE.read_text(encoding="utf-8"), re.M)
    if found is None:
        raise ProgramError("/etc/os-release names no release: the test bed needs Debian or a relative of it")
    return found[1]


def components() -> str:
    """Return the archive's parts that hold what the test bed needs: Ubuntu keeps some of it in `universe`."""
    is_ubuntu = re.search(r'^ID="?ubuntu', RELEASE.read_text(encoding="utf-8"), re.M)
    return "main,universe" if is_ubuntu else "main"


def source_texts() -> dict[str, str]:
    """Return the machine's own package sources, by file name, that speak of its release."""
    files = [SOURCES / "sources.list", *sorted((SOURCES / "sources.list.d").glob("*"))]
    release = re.compile(rf"\b{codename()}\b")
    return {
        file.name: text
        for file in files
        if file.suffix in {".list", ".sources"} and file.is_file()
        if release.search(text := file.read_text(encoding="utf-8"))
    }


def archive_url() -> str:
    """Return the address of the archive from which the machine installs its release.

    Raises:
        ProgramError: no package source of the machine is for its release.
    """
    release = codename()
    for text in source_texts().values():
        for stanza in re.split(r"\n\s*\n", text):
            uris = re.search(r"^URIs:\s*(\S+)", stanza, re.M)
            if uris and re.search(rf"^Suites:.*\b{release}(\s|$)", stanza, re.M):
                return uris[1]
        line = re.search(rf"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+{release}\s", text, re.M)
        if line:
            return line[1]
    raise ProgramError(f"no package source of this machine is for {release}")


def _apt_options(suite: str) -> list[str]:
    """Return options that give apt a configuration of its own, so that the machine's stays as it is."""
    folder = cache_folder("apt", suite)
    sources = cache_folder("apt", suite, "sources")
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name, text in source_texts().items():
        (sources / name).write_text(re.sub(rf"\b{codename()}\b", suite, text), encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": str(sources),
        "Dir::State::lists": str(folder / "lists"),
        "Dir::Cache": str(folder),
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def unpacked(package: str, suite: str | None = None) -> Path:
    """Unpack a package into the cache, without installing it.

    Args:
        package: the package's name; what it depends on is not fetched.
        suite: the release to take it from; the machine's own by default.

    Returns:
        The folder that holds the package's files as they would lie below `/`.

    Raises:
        ProgramError: the package cannot be fetched.
    """
    release = suite or codename()
    name = f"{package}-{release}-{digest([package, release])}"
    folder = cache_folder("packages") / name
    with locked(name):
        if not folder.exists():
            _unpack(package, release, folder)
    return folder


def _unpack(package: str, release: str, folder: Path) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    download([package], release, partial)
    archive = next(partial.glob("*.deb"))
    run(["dpkg-deb", "-x", str(archive), str(partial)])
    archive.unlink()
    partial.rename(folder)


def download(packages: Sequence[str], suite: str, folder: Path, *, status: Path | None = None) -> None:
    """Download packages into a folder.

    Args:
        packages: their names.
        suite: the release to take them from.
        folder: where the archives are put.
        status: what is installed where they will be, as dpkg keeps it: given this, what they need and
            is not there is downloaded, too.

    Raises:
        ProgramError: a package cannot be fetched.
    """
    with locked(f"apt-{suite}"):
        apt = ["apt-get", "-q", *_apt_options(suite)]
        run([*apt, "update"], environment=QUIET)
        names = list(packages)
        if status:
            there = ["-o", f"Dir::State::status={status}"]
            words = ["--print-uris", "--yes", "--no-install-recommends", "install"]
            listed = run([*apt, *there, *words, *packages], environment=QUIET)
            # A line for each: 'address' name_version_architecture.deb size checksum
            names = re.findall(r"^'[^']+' ([^_\s]+)_", listed, re.M)
        run([*apt, "download", *names], environment=QUIET, folder=folder, seconds=600)


def installed(program: str, packages: Sequence[str]) -> str:
    """Install packages unless their program is there already.

    Args:
        program: the name by which the program is called.
        packages: the packages that bring it.

    Returns:
        The program's path.

    Raises:
        ProgramError: the packages cannot be installed, or do not bring the program.
    """
    with locked("apt-install"):
        if shutil.which(program) is None:
            if os.geteuid() != 0:
                raise ProgramError(f"{program}: not found; as root: apt-get install {' '.join(packages)}")
            run(["apt-get", "-q", "update"], environment=QUIET)
            install = ["apt-get", "-q", "-y", "--no-install-recommends", "install"]
            run([*install, *packages], environment={**QUIET, "RUNLEVEL": "1"}, seconds=600)
    found = shutil.which(program)
    if found is None:
        raise ProgramError(f"{program}: not found, though {' '.join(packages)} is installed")
    return found
