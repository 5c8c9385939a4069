"""A wheel as conda-forge packages it: for every platform where it holds no compiled code."""

import configparser
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename

from testbed.conda_lock import LockedPackage
from testbed.conda_names import CondaNames
from testbed.conda_package import PREFIX, CondaPackage

# What no image of the tests uses: libraries' own tests, types, translations, what compilers want.
UNUSED_FOLDERS = frozenset(
    {
        "tests",
        "__pycache__",
        "sphinxext",
        "sample_data",
        "locale-data",
        "locale",
        "@fortawesome",
        "galata",
        "typeshed",
        "django-stubs",
    }
)
UNUSED_FILES = (
    *(".pyc", ".pyi", ".map", ".exe", ".js.LICENSE.txt"),
    *(".a", ".h", ".hpp", ".c", ".pxd", ".pyx", ".cmake"),
)
# Libraries that others need by name, and that no test makes them import.
UNUSED_LIBRARIES = ("zstandard/", "fontTools/")
# What some of them want nevertheless.
KEPT = ("babel/locale-data/en.dat", "babel/locale-data/en_US.dat", "babel/locale-data/root.dat")
COMMAND = """#!{prefix}/bin/python
import sys
from {module} import {first}
if __name__ == '__main__':
    sys.exit({function}())
"""


@dataclass(frozen=True)
class PythonTarget:
    """The Python that packages are made for.

    Attributes:
        version: its version, such as `3.13`.
    """

    version: str = "3.13"

    @property
    def tag(self) -> str:
        """What builds for it are named with, such as `py313`."""
        return f"py{self.version.replace('.', '')}"

    @property
    def site_packages(self) -> str:
        """Where an environment has its packages."""
        return f"lib/python{self.version}/site-packages"

    @property
    def depends(self) -> list[str]:
        """What a package with compiled code needs."""
        after = f"3.{int(self.version[2:]) + 1}"
        return [f"python >={self.version},<{after}.0a0", f"python_abi {self.version}.* *_cp{self.tag[2:]}"]

    @property
    def markers(self) -> dict[str, str]:
        """What requirements with a condition ask for (PEP 508)."""
        return {
            "python_version": self.version,
            "python_full_version": f"{self.version}.0",
            "implementation_version": f"{self.version}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
            "platform_release": "6",
            "platform_version": "",
            "os_name": "posix",
            "extra": "",
        }


@dataclass(frozen=True)
class OpenWheel:
    """A wheel that is read (PEP 427)."""

    archive: zipfile.ZipFile
    path: Path

    @property
    def is_pure(self) -> bool:
        """Whether it is for every platform."""
        return all(tag.platform == "any" for tag in parse_wheel_filename(self.path.name)[3])

    @property
    def info(self) -> str:
        """Its folder of metadata."""
        names = self.archive.namelist()
        return next(name for name in names if name.endswith(".dist-info/METADATA")).rpartition("/")[0]

    @property
    def requirements(self) -> list[Requirement]:
        """What it needs, on whatever condition."""
        metadata = self.archive.read(f"{self.info}/METADATA").decode().replace("\r\n", "\n")
        head = metadata.partition("\n\n")[0]
        return [Requirement(line) for line in re.findall(r"^Requires-Dist: (.+)$", head, re.M)]

    @property
    def commands(self) -> dict[str, str]:
        """Its commands, and the function that each calls."""
        name = f"{self.info}/entry_points.txt"
        if name not in self.archive.namelist():
            return {}
        parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
        parser.optionxform = str  # type: ignore[assignment]  # as the documentation has it: names keep their case
        parser.read_string(self.archive.read(name).decode())
        points = parser.items("console_scripts") if parser.has_section("console_scripts") else []
        return {name: value.partition("[")[0].strip() for name, value in points}

    def files(self) -> Iterator[tuple[str, bytes, int]]:
        """Yield the paths, contents and modes of what is used."""
        for member in self.archive.infolist():
            if not member.is_dir() and is_used(member.filename):
                is_program = (member.external_attr >> 16) & 0o100
                yield member.filename, self.archive.read(member), 0o755 if is_program else 0o644


def is_used(name: str) -> bool:
    """Say whether the file of a wheel goes into the package."""
    if name in KEPT:
        return True
    if name.startswith(UNUSED_LIBRARIES):
        return False
    folders = PurePosixPath(name).parts[:-1]
    return not name.endswith(UNUSED_FILES) and UNUSED_FOLDERS.isdisjoint(folders[1:])


def from_wheel(
    path: Path, names: CondaNames, python: PythonTarget, locked: LockedPackage | None = None
) -> CondaPackage:
    """Return a wheel as a package.

    Args:
        path: the wheel.
        names: conda-forge's names.
        python: the Python that it is made for.
        locked: how a list names the package; by conda-forge's rules for new builds otherwise.
    """
    with zipfile.ZipFile(path) as archive:
        wheel = OpenWheel(archive, path)
        name, version, *_ = parse_wheel_filename(path.name)
        pure = wheel.is_pure
        build = "pyhd8ed1ab_0" if pure else f"{python.tag}h0000000_0"
        like = locked or LockedPackage("noarch" if pure else "linux-64", names.of(name), str(version), build)
        package = CondaPackage(
            like.name, like.version, like.build, like.subdir, build_number=like.build_number
        )
        # What a list has for every platform is for every Python, too, whatever PyPI has of it.
        own = ["python"] if package.subdir == "noarch" else python.depends
        package.depends = [*own, *_depends(wheel, names, python)]
        _add_files(package, wheel, python)
        _add_commands(package, wheel)
    return package


def _depends(wheel: OpenWheel, names: CondaNames, python: PythonTarget) -> list[str]:
    return [
        _specification(requirement, names)
        for requirement in wheel.requirements
        if requirement.marker is None or requirement.marker.evaluate(python.markers)
    ]


def _specification(requirement: Requirement, names: CondaNames) -> str:
    clauses = []
    for clause in sorted(requirement.specifier, key=str):
        operator, version = clause.operator, clause.version
        if operator == "~=":
            clauses += [f">={version}", f"{version.rpartition('.')[0]}.*"]
        elif operator in ("==", "==="):
            clauses.append(version if version.endswith(".*") else f"=={version}")
        else:
            clauses.append(f"{operator}{version}")
    return f"{names.of(requirement.name)} {','.join(clauses)}".strip()


def _add_files(package: CondaPackage, wheel: OpenWheel, python: PythonTarget) -> None:
    noarch = package.subdir == "noarch"
    # conda puts a package for every platform where the environment's Python wants it.
    site = "site-packages" if noarch else python.site_packages
    data = f"{wheel.info.removesuffix('.dist-info')}.data/"
    folders = {
        "data": "",
        "purelib": f"{site}/",
        "platlib": f"{site}/",
        "scripts": "python-scripts/" if noarch else "bin/",
    }
    for name, content, mode in wheel.files():
        if not name.startswith(data):
            package.add(f"{site}/{name}", content, mode)
            continue
        kind, _, rest = name.removeprefix(data).partition("/")
        if kind == "scripts":
            package.add(f"{folders[kind]}{rest}", _with_interpreter(content), 0o755)
        elif kind in folders:
            package.add(f"{folders[kind]}{rest}", content, mode)
    package.add(f"{site}/{wheel.info}/INSTALLER", b"conda\n")


def _with_interpreter(script: bytes) -> bytes:
    return re.sub(rb"^#!python[^\n]*", f"#!{PREFIX}/bin/python".encode(), script)


def _add_commands(package: CondaPackage, wheel: OpenWheel) -> None:
    if package.subdir == "noarch":
        package.entry_points = [f"{name} = {value}" for name, value in wheel.commands.items()]
        return
    for name, value in wheel.commands.items():
        module, _, function = value.partition(":")
        first = function.partition(".")[0]
        script = COMMAND.format(prefix=PREFIX, module=module, first=first, function=function)
        package.add(f"bin/{name}", script.encode(), 0o755)
