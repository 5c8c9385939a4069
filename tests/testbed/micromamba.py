#!/usr/bin/python3 -EsS
"""Stands in for micromamba and mamba in the test bed's images: the commands that repo2docker gives them.

It proves that repo2docker's steps run in their order, with the files that they are given: it downloads,
solves and links real packages of conda's formats, by rattler, another implementation of conda, and keeps
conda's records of them. It does not prove how mamba solves, how long that takes, or what it says when
something fails; and it does not compare the checksums of an explicit list, since the test bed's packages
have the list's names and not its bytes.
"""

import argparse
import asyncio
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path[:0] = ["/usr/libexec/testbed-rattler", "/usr/lib/python3/dist-packages"]
VERSION = "2.3.3"
CHANNELS = "https://conda.anaconda.org/"
PLATFORMS = ["linux-64", "noarch"]
# repo2docker also evaluates this without quotes, as one line: what follows the comment is not seen then.
HOOK = """export MAMBA_EXE='{program}';
export MAMBA_ROOT_PREFIX='{root}';
# The function that a shell calls instead of the program.
{name}() {{
    case "$1" in
        activate)
            shift
            [ "$1" = --stack ] && shift
            export CONDA_PREFIX="${{1:-$MAMBA_ROOT_PREFIX}}"
            export PATH="$CONDA_PREFIX/bin:$PATH"
            ;;
        deactivate) unset CONDA_PREFIX ;;
        *) "$MAMBA_EXE" "$@" ;;
    esac
}}
"""


def main(words: list[str]) -> int:
    """Do what the command line says and return the exit status."""
    if words[:1] in (["--version"], ["-V"]):
        print(VERSION)
        return 0
    if words[:2] == ["env", "update"]:
        words = ["update", *words[2:]]
    options = arguments().parse_args(words)
    commands = {"shell": show_hook, "list": show_packages, "clean": forget_downloads}
    return commands.get(options.command, change)(options)


def arguments() -> argparse.ArgumentParser:
    """Return what the command line may have."""
    root = os.environ.get("MAMBA_ROOT_PREFIX", "/srv/conda")
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    shell = commands.add_parser("shell")
    shell.add_argument("action")
    shell.add_argument("-s", "--shell")
    shell.add_argument("-r", "-p", "--root-prefix", default=root)
    clean = commands.add_parser("clean")
    for flag in ("-a/--all", "-f/--force", "-y/--yes"):
        clean.add_argument(*flag.split("/"), action="store_true")
    for name in ("install", "create", "update", "list"):
        command = commands.add_parser(name)
        command.add_argument("-p", "--prefix", default=os.environ.get("CONDA_PREFIX") or root)
        command.add_argument("-f", "--file", action="append", default=[])
        command.add_argument("-c", "--channel", action="append", default=[])
        command.add_argument("-y", "--yes", action="store_true")
        command.add_argument("--prune", action="store_true")
        command.add_argument("specs", nargs="*")
    return parser


def show_hook(options: argparse.Namespace) -> int:
    """Write what a shell evaluates to have a function of the program's name."""
    program = Path(sys.argv[0])
    print(HOOK.format(program=program.resolve(), root=options.root_prefix, name=program.name))
    return 0


def show_packages(options: argparse.Namespace) -> int:
    """Write what an environment has."""
    print(f'List of packages in environment: "{options.prefix}"\n')
    for record in installed(Path(options.prefix)):
        version, build = str(record.version), str(record.build)
        print(f"  {record.name.normalized:<32} {version:<20} {build:<24} conda-forge")
    return 0


def forget_downloads(_: argparse.Namespace) -> int:
    """Remove what was downloaded."""
    shutil.rmtree(downloads(), ignore_errors=True)
    return 0


def downloads() -> Path:
    """Return the folder for what is downloaded, as mamba chooses it."""
    root = Path(os.environ.get("MAMBA_ROOT_PREFIX", "/srv/conda"))
    return root / "pkgs" if os.access(root, os.W_OK) else Path.home() / ".mamba/pkgs"


def change(options: argparse.Namespace) -> int:
    """Install what files and command line name, and tell it; what is for pip afterwards."""
    prefix = Path(options.prefix)
    (prefix / "conda-meta").mkdir(parents=True, exist_ok=True)
    texts = [Path(name).read_text(encoding="utf-8") for name in options.file]
    explicit = [line for text in texts if "@EXPLICIT" in text for line in text.split() if "://" in line]
    channels, specs, pip = ([], [], []) if explicit else wanted(options, texts)
    try:
        records = asyncio.run(installed_anew(prefix, explicit, channels, specs))
    except Exception as error:  # noqa: BLE001 - whatever rattler raises fails the build, as mamba's errors do
        print(
            f"error    libmamba {type(error).__name__}\n{error}\ncritical libmamba {error}", file=sys.stderr
        )
        return 1
    with (prefix / "conda-meta/history").open("a", encoding="utf-8") as history:
        history.write(f"# cmd: {' '.join(sys.argv)}\n")
    for record in sorted(records, key=lambda record: str(record.name.normalized)):
        print(f"  + {record.name.normalized} {record.version} {record.build}")
    print("Transaction finished", flush=True)
    return install_with_pip(prefix, pip, Path(options.file[0]).resolve().parent) if pip else 0


async def installed_anew(
    prefix: Path, explicit: list[str], channels: list[str], specs: list[str]
) -> list[Any]:
    """Make an environment hold an explicit list, or what meets specifications, and return its records."""
    from rattler import Client, install

    client = Client()
    records = listed(explicit) if explicit else await solved(prefix, channels, specs, client)
    await install(
        records,
        target_prefix=prefix,
        cache_dir=downloads(),
        client=client,
        show_progress=False,
        execute_link_scripts=True,
    )
    return records


def wanted(options: argparse.Namespace, texts: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the channels, conda's specifications and pip's requirements of files and command line."""
    import yaml

    channels, specs = list(options.channel), list(options.specs)
    pip: list[str] = []
    for text in texts:
        content = yaml.safe_load(text) or {}
        channels += [name for name in content.get("channels") or [] if name != "nodefaults"]
        for entry in content.get("dependencies") or []:
            if isinstance(entry, str):
                specs.append(entry)
            else:
                pip += entry.get("pip") or []
    return channels or ["conda-forge"], specs, pip


async def solved(prefix: Path, channels: list[str], specs: list[str], client: Any) -> list[Any]:
    """Return the packages that meet the specifications; what is installed stays unless it has to move."""
    from rattler import Channel, Gateway, MatchSpec, VirtualPackage, solve

    there = installed(prefix)
    asked = [MatchSpec(text, strict=False) for text in specs]
    names = {spec.name.normalized for spec in asked if spec.name}
    kept = [MatchSpec(record.name.normalized) for record in there if record.name.normalized not in names]
    records = await solve(
        sources=[Channel(name if "://" in name else CHANNELS + name) for name in channels],
        specs=[*asked, *kept],
        gateway=Gateway(client=client, cache_dir=downloads() / "cache"),
        platforms=PLATFORMS,
        locked_packages=there,
        virtual_packages=VirtualPackage.detect(),
    )
    return list(records)


def installed(prefix: Path) -> list[Any]:
    """Return conda's records of what an environment has."""
    from rattler import PrefixRecord

    return [PrefixRecord.from_path(path) for path in sorted(prefix.glob("conda-meta/*.json"))]


def listed(addresses: list[str]) -> list[Any]:
    """Return the records of an explicit list, which are read from the packages themselves."""
    from rattler import PackageRecord, RepoDataRecord

    def record(address: str) -> Any:
        url = address.partition("#")[0]
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - the list's own
            index = index_of(url, answer.read())
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            file.write(index)
            file.flush()
            described = PackageRecord.from_index_json(Path(file.name))
        return RepoDataRecord(described, url.rpartition("/")[2], url, f"{CHANNELS}conda-forge")

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(record, addresses))


def index_of(name: str, content: bytes) -> bytes:
    """Return what a package says of itself, from either of conda's formats."""
    import zstandard

    if name.endswith(".tar.bz2"):
        packed, mode = content, "r:bz2"
    else:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            info = next(part for part in archive.namelist() if part.startswith("info-"))
            packed, mode = zstandard.ZstdDecompressor().decompressobj().decompress(archive.read(info)), "r:"
    with tarfile.open(fileobj=io.BytesIO(packed), mode=mode) as members:  # type: ignore[call-overload]
        file = members.extractfile("info/index.json")
        return bytes(file.read())


def install_with_pip(prefix: Path, requirements: list[str], folder: Path) -> int:
    """Install what an `environment.yml` has for pip, as mamba has pip do it."""
    print(f"\nInstalling pip packages: {', '.join(requirements)}", flush=True)
    beside = folder if os.access(folder, os.W_OK) else None
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=beside, encoding="utf-8") as file:
        file.write("\n".join(requirements) + "\n")
        file.flush()
        pip = [
            str(prefix / "bin/python"),
            "-m",
            "pip",
            "install",
            "-U",
            "-r",
            file.name,
            "--no-input",
            "--quiet",
        ]
        return subprocess.call(pip, cwd=folder)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of rattler may still run, and would crash an interpreter that takes itself apart.
    os._exit(status)
