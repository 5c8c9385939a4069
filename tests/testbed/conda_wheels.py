"""The wheels that the channel is made of, downloaded at the versions that conda would install."""

import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from ruamel.yaml import YAML

from testbed.conda_lock import LockedPackage
from testbed.conda_names import pypi_name
from testbed.process import ProgramError, run

# What the C library of the base image (2.41) can load; pip wants every name that a wheel may have.
MANYLINUX = ("1", "2010", "2014", *(f"_2_{minor}" for minor in range(5, 42)))
SECONDS = 600


def locked_versions(packages: Iterable[LockedPackage]) -> dict[str, str]:
    """Return what of an explicit list may be on PyPI: versions by PyPI's names."""
    return {pypi_name(package.name): package.version for package in packages if package.is_of_python}


def requirements(environment: str) -> list[str]:
    """Return the Python packages that an `environment.yml` names, as pip writes them.

    Args:
        environment: the file's text.
    """
    entries = YAML(typ="safe", pure=True).load(environment)["dependencies"]
    named = [re.sub(r"(?<![=<>!~])=(?!=)", "==", entry) for entry in entries if isinstance(entry, str)]
    return [text for text in named if Requirement(text).name != "python"]


def resolved(wanted: Iterable[str], preferred: Mapping[str, str], python: str) -> dict[str, str]:
    """Return all that requirements bring: versions by PyPI's names.

    Args:
        wanted: the requirements.
        preferred: versions that stay where they can, as conda lets stay what is installed.
        python: the version of Python that it is for.

    Raises:
        ProgramError: nothing meets all requirements.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "resolved.txt")
        # What is in the file already is what uv prefers.
        output.write_text(_lines(preferred), encoding="utf-8")
        options = ["--no-config", "--no-header", "--no-annotate", "--quiet", "--only-binary=:all:"]
        target = [f"--python-version={python}", "--python-platform=x86_64-manylinux_2_40"]
        command = [sys.executable, "-m", "uv", "pip", "compile", *options, *target, "-"]
        run([*command, f"--output-file={output}"], text="\n".join(wanted), seconds=SECONDS)
        return dict(re.findall(r"^([^=\s]+)==(\S+)$", output.read_text(encoding="utf-8"), re.M))


def download(versions: Mapping[str, str], folder: Path, python: str) -> list[str]:
    """Download wheels.

    Args:
        versions: exact versions, by name.
        folder: where they are put.
        python: the version of Python that they are for.

    Returns:
        The names of which PyPI has no wheel.

    Raises:
        ProgramError: pip failed for another reason.
    """
    left, missing = dict(versions), []
    while True:
        try:
            _download(left, folder, python)
        except ProgramError as error:
            unknown = re.search(r"No matching distribution found for ([^\s=]+)==", str(error))
            if unknown is None or unknown[1] not in left:
                raise
            missing.append(unknown[1])
            del left[unknown[1]]
        else:
            return missing


def _download(versions: Mapping[str, str], folder: Path, python: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as listed:
        listed.write(_lines(versions))
        listed.flush()
        download_listed(Path(listed.name), folder, python)


def download_listed(requirements: Path, folder: Path, python: str, *options: str) -> None:
    """Download the wheels that a file names, and nothing that they need.

    Args:
        requirements: the file, as pip reads it.
        folder: where they are put.
        python: the version of Python that they are for.
        options: further options of pip, as `--require-hashes`.

    Raises:
        ProgramError: pip failed.
    """
    target = [f"--python-version={python}", *(f"--platform=manylinux{name}_x86_64" for name in MANYLINUX)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    words = ["--only-binary=:all:", *target, *options, f"--requirement={requirements}", f"--dest={folder}"]
    run([*pip, *words], seconds=SECONDS)


def _lines(versions: Mapping[str, str]) -> str:
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))
