"""List the packages of an image inside the image: conda, pip, R, Julia, npm and apt, where they are.

This file is mounted into the container and runs with the image's own Python (3.8 or newer) and nothing but
the standard library. It reads files; of programs, it starts R alone, which knows its libraries best.

    python3 list_packages.py RESULT [ROOT]

RESULT gets the list as JSON, in the form that `hub_image_actions.packages.package_list` reads. A manager
that cannot be read is named as `unread` and costs nothing else. ROOT is where the image's files are, by
default `/`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    # By environment: names and versions.
    Found = dict[str, set[tuple[str, str]]]

ROOT = Path(*sys.argv[2:3] or "/").resolve()
PROGRAM_SECONDS = 20
MOST_PACKAGES = 10_000
MOST_FOLDERS = 200
LONGEST_START = 20_000
WORD = re.compile("[!-~]{1,200}")
FIELD = re.compile(r"^(Name|Version|Package|Priority|Built): *(\S[^\n]*)", re.MULTILINE)
# What Debian's R brings lies there, and is apt's.
R_OF_DEBIAN = "usr/lib/R"


def main() -> int:
    """Write the list to the file that the command line names."""
    image = Image()
    found, notes = image.packages()
    value = {
        "form": 1,
        "packages": {
            manager: {place: lines(packages) for place, packages in places.items() if packages}
            for manager, places in found.items()
        },
        "system": system(),
        "unread": sorted(notes),
    }
    value["notes"] = [f"{manager}: {note}" for manager, note in sorted(notes.items())]
    Path(sys.argv[1]).write_text(json.dumps(value), encoding="utf-8")
    return 0


def lines(packages: set[tuple[str, str]]) -> str:
    """Return a line for each package whose name and version can be ones."""
    usable = [pair for pair in sorted(packages) if all(map(WORD.fullmatch, pair))]
    return "".join(f"{name} {version}\n" for name, version in usable[:MOST_PACKAGES])


def system() -> str:
    """Return the distribution's name and version."""
    texts = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)"?$', start_of(ROOT / "etc/os-release"), re.M))
    return f"{texts.get('ID', '')} {texts.get('VERSION_ID', '')}".strip()


class Image:
    """What is installed where."""

    def __init__(self) -> None:
        self.homes = existing([*paths_in("HOME"), ROOT / "root", *folders_in(ROOT / "home")])
        self.prefixes = self.found_prefixes()
        self.conda_prefixes = [prefix for prefix in self.prefixes if (prefix / "conda-meta").is_dir()]
        self.conda: Found = {}
        self.apt: Found = {}

    def packages(self) -> tuple[dict[str, Found], dict[str, str]]:
        """Return what each manager installed, and why some could not be read."""
        found: dict[str, Found] = {}
        notes: dict[str, str] = {}
        # conda and apt come first: what they installed is not listed again as pip's or R's.
        readers: list[tuple[str, Callable[[], Found]]] = [
            ("conda", self.of_conda),
            ("apt", self.of_apt),
            ("pip", self.of_pip),
            ("r", self.of_r),
            ("npm", self.of_npm),
            ("julia", self.of_julia),
        ]
        for manager, read in readers:
            try:
                found[manager] = read()
            except Exception as error:  # noqa: BLE001  # the list is for readers: nothing may fail for want of it
                notes[manager] = f"{type(error).__name__}: {error}"
        return found, notes

    def found_prefixes(self) -> list[Path]:
        """Return the folders in which something may be installed, those of the search path first."""
        path = [entry.parent for entry in paths_in("PATH")]
        given = paths_in(
            "CONDA_PREFIX", "CONDA_DIR", "NB_PYTHON_PREFIX", "KERNEL_PYTHON_PREFIX", "VIRTUAL_ENV"
        )
        tops = [*folders_in(ROOT / "opt"), *folders_in(ROOT / "srv")]
        homes = [folder for home in self.homes for folder in (home / ".local", *folders_in(home))]
        roots = [*path, *given, ROOT / "usr", ROOT / "usr/local", *tops, *homes]
        conda = [folder / "envs" for folder in roots] + [home / ".conda/envs" for home in self.homes]
        deeper = [folder for parent in (*conda, *tops) for folder in folders_in(parent)]
        installed = (prefix for prefix in existing([*roots, *deeper]) if prefix != ROOT)
        return [
            prefix for prefix in installed if (prefix / "lib").is_dir() or (prefix / "conda-meta").is_dir()
        ]

    def of_conda(self) -> Found:
        """Return conda's packages: each has a file named for it, NAME-VERSION-BUILD.json."""
        for prefix in self.conda_prefixes:
            names = (path.stem.rsplit("-", 2) for path in (prefix / "conda-meta").glob("*-*-*.json"))
            self.conda[place(prefix)] = {(name, version) for name, version, _ in names}
        return self.conda

    def of_apt(self) -> Found:
        """Return the packages that dpkg says are installed."""
        status = ROOT / "var/lib/dpkg/status"
        files = [status, *sorted((ROOT / "var/lib/dpkg/status.d").glob("*"))]
        text = "\n\n".join(path.read_text("utf-8", "replace") for path in files if path.is_file())
        entries = [dict(re.findall(r"^([A-Z][\w-]*): *(.*)$", part, re.M)) for part in text.split("\n\n")]
        installed = [
            entry for entry in entries if entry.get("Status", "i ok installed").endswith(" installed")
        ]
        native = next((e.get("Architecture") for e in installed if e.get("Package") == "dpkg"), None)
        packages = {
            (f"{e['Package']}{foreign(e.get('Architecture'), native)}", e["Version"])
            for e in installed
            if "Package" in e and "Version" in e
        }
        if packages:
            self.apt[""] = packages
        return self.apt

    def of_pip(self) -> Found:
        """Return Python's packages but those that conda or apt installed."""
        found: Found = {}
        for prefix in self.prefixes:
            # Debian's own are in dist-packages of /usr, without the number of a version.
            folders = [
                *prefix.glob("lib/python3.*/site-packages"),
                *prefix.glob("lib/python3.*/dist-packages"),
            ]
            paths = [str(folder) for folder in existing(folders)]
            packages = found.setdefault(place(prefix), set())
            owned = {(normalized(name), version) for name, version in self.conda.get(place(prefix), ())}
            for distribution in metadata.distributions(path=paths):
                name, version = name_and_version(distribution)
                by_conda = (distribution.read_text("INSTALLER") or "").strip() == "conda"
                if name and not by_conda and (name, version) not in owned:
                    packages.add((name, version))
        return found

    def of_r(self) -> Found:
        """Return R's packages but those that conda or apt installed, and R itself where it is neither's."""
        found: Found = {}
        for library in self.r_libraries():
            owned = self.r_of_others(library)
            packages = found.setdefault(place(library), set())
            for description in sorted(library.glob("*/DESCRIPTION")):
                fields = dict(FIELD.findall(start_of(description)))
                name, version = fields.get("Package", ""), fields.get("Version", "")
                if fields.get("Priority") == "base":
                    # They are R, all of one version.
                    name = "R" if name == "base" and not owned else ""
                if name and name.lower() not in owned:
                    packages.add((name, version))
        return found

    def r_of_others(self, library: Path) -> set[str]:
        """Return the names of the packages in a library of R that conda or apt lists already."""
        if ROOT / R_OF_DEBIAN in library.parents:
            named = (
                re.match(r"r-(?:(?:cran|bioc|other)-(.+)|(base)-core$)", name)
                for name, _ in self.apt.get("", ())
            )
            return {match[1] or match[2] for match in named if match}
        prefixes = [prefix for prefix in self.conda_prefixes if prefix in library.parents]
        # Environments lie below the one that made them.
        nearest = max(prefixes, key=lambda prefix: len(prefix.parts), default=None)
        return (
            {name[2:] for name, _ in self.conda[place(nearest)] if name.startswith("r-")}
            if nearest
            else set()
        )

    def r_libraries(self) -> list[Path]:
        """Return the folders of R's packages."""
        given = paths_in("R_LIBS", "R_LIBS_SITE", "R_LIBS_USER")
        kinds = ("lib/R/library", "lib/R/site-library", "lib64/R/library", "lib64/R/site-library")
        known = [prefix / kind for prefix in self.prefixes for kind in kinds]
        known += [ROOT / "srv/rlibs", *(ROOT / "opt/R").glob("*/lib/R/library")]
        known += [library for home in self.homes for library in home.glob("R/*/*")]
        return existing([*r_paths(), *given, *known])

    def of_npm(self) -> Found:
        """Return the packages that npm installed for everybody."""
        found: Found = {}
        for prefix in self.prefixes:
            modules = prefix / "lib/node_modules"
            files = [*modules.glob("*/package.json"), *modules.glob("@*/*/package.json")]
            values = map(json_in, files)
            found[place(prefix)] = {
                (str(value.get("name")), str(value.get("version"))) for value in values if value
            }
        return found

    def of_julia(self) -> Found:
        """Return the packages of Julia's depots, as the manifests of their environments pin them."""
        usual = [*(home / ".julia" for home in self.homes), ROOT / "srv/julia/pkg", ROOT / "opt/julia"]
        found: Found = {}
        for depot in existing([*paths_in("JULIA_DEPOT_PATH"), *usual]):
            packages = found.setdefault(place(depot), set())
            for manifest in depot.glob("environments/*/Manifest*.toml"):
                packages.update(in_manifest(manifest.read_text("utf-8", "replace")))
        return found


def in_manifest(text: str) -> Iterator[tuple[str, str]]:
    """Yield Julia and the packages of a Manifest.toml; those that are parts of Julia have no version."""
    for version in re.findall(r'^julia_version = "([^"]+)"', text, re.M):
        yield "julia", version
    # A package is a table of its own, `[[deps.Name]]` since Julia 1.6.2, `[[Name]]` before.
    for name, body in re.findall(r"^\[\[(?:deps\.)?([\w-]+)\]\]\n((?:(?!\[\[).*\n?)*)", text, re.M):
        for version in re.findall(r'^version = "([^"]+)"', body, re.M)[:1]:
            yield name, version


def name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    """Return what a Python package says of itself, without parsing all of it: that takes seconds."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    fields = dict(reversed(FIELD.findall(text[:LONGEST_START].partition("\n\n")[0])))
    return normalized(fields.get("Name", "").strip()), fields.get("Version", "").strip()


def normalized(name: str) -> str:
    """Return a Python package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def r_paths() -> list[Path]:
    """Return the folders where R itself would look."""
    command = ["Rscript", "--no-init-file", "-e", "cat(.libPaths(), sep = '\\n')"]
    try:
        done = subprocess.run(  # noqa: S603  # fixed words
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PROGRAM_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        # No R, or one that does not start: the folders that are known have to do.
        return []
    return [
        in_root(line) for line in done.stdout.decode("utf-8", "replace").splitlines() if line.startswith("/")
    ]


def json_in(path: Path) -> dict[str, object]:
    """Return a package.json; an empty one where it is none, which npm passes over as well."""
    try:
        value = json.loads(path.read_text("utf-8", "replace"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) and value.get("name") and value.get("version") else {}


def foreign(architecture: str | None, native: str | None) -> str:
    """Return what sets a package of another architecture apart from the same one of this."""
    return f":{architecture}" if architecture not in (None, "all", native) else ""


def start_of(path: Path) -> str:
    """Return the beginning of a text, which is all of most; nothing where it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST_START)
    except OSError:
        return ""


def in_root(path: str) -> Path:
    """Return where a path of the image is."""
    return ROOT / path.lstrip("/")


def place(folder: Path) -> str:
    """Return what a folder is called in the image."""
    return f"/{folder.relative_to(ROOT)}" if ROOT in folder.parents else str(folder)


def paths_in(*names: str) -> list[Path]:
    """Return the absolute paths that variables of the image hold, separated by colons."""
    entries = (entry for name in names for entry in os.environ.get(name, "").split(":"))
    return [in_root(entry) for entry in entries if entry.startswith("/")]


def existing(folders: Iterable[Path]) -> list[Path]:
    """Return the folders that are there, each once, whatever links lead to it."""
    found: dict[Path, None] = {}
    for folder in folders:
        try:
            if folder.is_dir():
                found[folder.resolve()] = None
        except OSError:
            # What may not even be looked at is no place where a course's packages are.
            continue
    return list(found)


def folders_in(folder: Path) -> list[Path]:
    """Return the folders in a folder, as many as an image has where packages are."""
    try:
        return [path for path in sorted(folder.iterdir()) if path.is_dir()][:MOST_FOLDERS]
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main())
