"""Base images that come from no registry: a tiny one, and one with Python, Jupyter and pytest."""

import hashlib
import io
import json
import os
import platform
import shutil
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.cache import cache_folder, digest
from testbed.debian import QUIET, archive_url, codename, components, locked, unpacked
from testbed.engine import RunningEngine
from testbed.process import ProgramError, run
from testbed.registry import Registry
from testbed.seed_image import MEDIA_TYPES, SeedImage, canonical, sha256

# Counted up when the code below makes another image of the same packages.
RECIPE = 1
REQUIREMENTS = Path(__file__).with_name("base_image.txt")
PACKAGES = ("python3", "python3-venv", "ca-certificates")
ENVIRONMENT = "/opt/jupyter"
EMPTIED = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale", "dev")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
# Ten thousand small files that nothing here reads, and that an engine unpacks one by one.
UNUSED = (
    "share/jupyterhub/static/components/@fortawesome",
    "lib/python3*/site-packages/jedi/third_party/typeshed/stubs",
    "lib/python3*/site-packages/jedi/third_party/django-stubs",
)
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
ACCOUNTS = "root:x:0:0:root:/root:/bin/sh\njovyan:x:1000:1000::/home/jovyan:/bin/sh\n"
GROUP = "root:x:0:\njovyan:x:1000:\n"
BLOCK = 1 << 20
# What the C library of the tree (2.36 or newer) can load; pip wants every name that a wheel may have.
MANYLINUX = ("1", "2010", "2014", *(f"_2_{minor}" for minor in (5, 12, 17, 24, 26, 27, 28, 31, 34, 35)))


@dataclass(frozen=True)
class BaseImage:
    """An image in the cache: its config and its one layer, ready for registries and engines.

    The same bytes go everywhere, so that builds on several engines have the same parent and can share caches.
    """

    folder: Path

    def image(self) -> SeedImage:
        """Return the image as what a registry holds."""
        config, layer = self._read("config.json"), self._read("layer.tar.gz")
        types = MEDIA_TYPES["docker"]
        manifest = {
            "schemaVersion": 2,
            "mediaType": types["manifest"],
            "config": {"mediaType": types["config"], "digest": sha256(config), "size": len(config)},
            "layers": [{"mediaType": types["layer"], "digest": sha256(layer), "size": len(layer)}],
        }
        blobs = {sha256(config): config, sha256(layer): layer}
        return SeedImage(canonical(manifest), types["manifest"], blobs, ("linux", _architecture()))

    @property
    def image_id(self) -> str:
        """The id that a Docker engine gives the image."""
        return sha256(self._read("config.json"))

    def push(self, registry: Registry, repository: str = "testbed/base", tag: str = "1") -> str:
        """Push the image without a Docker engine.

        Returns:
            The reference by which a Docker engine can pull it.
        """
        if registry.digest(repository, tag) is None:
            registry.push(repository, tag, self.image())
        return f"{registry.host}/{repository}:{tag}"

    def load(self, engine: RunningEngine, reference: str) -> str:
        """Load the image into an engine without a registry, under a reference, and return the reference."""
        if self.image_id not in engine.image_ids():
            with tempfile.TemporaryDirectory() as scratch:
                bundle = Path(scratch, "image.tar")
                self._write_archive(bundle)
                engine.docker("load", "--quiet", "--input", str(bundle))
        engine.docker("tag", self.image_id, reference)
        return reference

    def _write_archive(self, path: Path) -> None:
        listing = [{"Config": "config.json", "RepoTags": [], "Layers": ["layer.tar.gz"]}]
        with tarfile.open(path, "w") as archive:
            member = tarfile.TarInfo("manifest.json")
            member.size = len(canonical(listing))
            archive.addfile(member, io.BytesIO(canonical(listing)))
            for name in ("config.json", "layer.tar.gz"):
                archive.add(self.folder / name, name)

    def _read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


def small_base() -> BaseImage:
    """Return an image of busybox with a user `jovyan`: two megabytes, made in a second.

    Raises:
        ProgramError: busybox cannot be fetched.
    """
    config = {**_user_config("/bin:/usr/bin:/sbin:/usr/sbin"), "Cmd": ["sh"]}
    return cached_image("small", [], _make_small_tree, config)


def jupyter_base() -> BaseImage:
    """Return an image of Debian with Python, JupyterLab, JupyterHub, ipykernel, nbclient and pytest.

    Raises:
        ProgramError: this is not root, or something cannot be fetched.
    """
    config = {
        **_user_config(f"{ENVIRONMENT}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
        "Cmd": ["jupyter", "lab", "--ip=0.0.0.0"],
        "ExposedPorts": {"8888/tcp": {}},
    }
    made_of = [codename(), *PACKAGES, REQUIREMENTS.read_text(encoding="utf-8"), _trusted()]
    return cached_image("jupyter", made_of, _make_jupyter_tree, config)


def _user_config(path: str) -> dict[str, Any]:
    user = {"HOME": "/home/jovyan", "NB_USER": "jovyan", "NB_UID": "1000"}
    variables = {"PATH": path, "LANG": "C.UTF-8", **user}
    return {
        "Env": [f"{name}={value}" for name, value in variables.items()],
        "User": "jovyan",
        "WorkingDir": "/home/jovyan",
    }


def _architecture() -> str:
    return ARCHITECTURES.get(platform.machine(), platform.machine())


def cached_image(
    name: str,
    made_of: list[str],
    make: Callable[[Path], None],
    config: Mapping[str, Any],
    *,
    level: int = 1,
) -> BaseImage:
    """Return an image of a tree of files, made unless it is in the cache already.

    Args:
        name: the image's name.
        made_of: what it depends on: where that changes, another is made.
        make: fills the folder that it is given; what it puts beside it is kept beside the image.
        config: the `config` part of the image's configuration.
        level: how hard its layer is compressed. It is read more often than it is made, and always from this
            machine: little compression is best, as long as the cache has room.
    """
    key = digest([str(RECIPE), platform.machine(), json.dumps(config, sort_keys=True), *made_of])
    folder = cache_folder("base-images") / f"{name}-{key}"
    with locked(f"base-{name}"):
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            tree = partial / "tree"
            make(tree)
            _pack(tree, partial, config, level)
            shutil.rmtree(tree)
            partial.rename(folder)
    return BaseImage(folder)


def _pack(tree: Path, folder: Path, config: Mapping[str, Any], level: int) -> None:
    tar = folder / "layer.tar"
    numbers = ["--numeric-owner", "--sort=name", "--one-file-system", "--xattrs"]
    run(["tar", *numbers, "-cf", str(tar), "-C", str(tree), "."], seconds=300)
    sha = hashlib.sha256()
    squeeze = zlib.compressobj(level, zlib.DEFLATED, 31)
    with (folder / "layer.tar.gz").open("wb") as layer:
        for block in _blocks(tar):
            sha.update(block)
            layer.write(squeeze.compress(block))
        layer.write(squeeze.flush())
    tar.unlink()
    image = {
        "architecture": _architecture(),
        "os": "linux",
        "created": "2024-01-01T00:00:00Z",
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha.hexdigest()}"]},
        "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "ADD base # testbed"}],
    }
    (folder / "config.json").write_bytes(canonical(image))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _make_small_tree(tree: Path) -> None:
    package = unpacked("busybox-static")
    busybox = next(path for path in (package / "bin/busybox", package / "usr/bin/busybox") if path.exists())
    for name in ("bin", "etc", "home/jovyan", "root", "tmp", "usr/bin", "srv", "var/tmp"):
        (tree / name).mkdir(parents=True)
    shutil.copy2(busybox, tree / "bin/busybox")
    for applet in run([str(busybox), "--list"]).split():
        if applet != "busybox":
            (tree / "bin" / applet).symlink_to("busybox")
    (tree / "usr/bin/env").symlink_to("/bin/busybox")
    (tree / "etc/passwd").write_text(ACCOUNTS, encoding="utf-8")
    (tree / "etc/group").write_text(GROUP, encoding="utf-8")
    _open_folders(tree)


def _open_folders(tree: Path) -> None:
    for name in ("tmp", "var/tmp"):
        (tree / name).chmod(0o1777)
    if os.geteuid() == 0:
        os.chown(tree / "home/jovyan", 1000, 1000)


def _make_jupyter_tree(tree: Path) -> None:
    bootstrap(tree, PACKAGES, codename())
    _install_from_pypi(tree)
    (tree / "home/jovyan").mkdir(exist_ok=True)
    for name, line in (("passwd", ACCOUNTS.splitlines()[1]), ("group", GROUP.splitlines()[1])):
        with (tree / "etc" / name).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    _open_folders(tree)


def bootstrap(tree: Path, packages: Sequence[str], suite: str) -> None:
    """Fill a folder with a small Debian.

    Args:
        tree: the folder.
        packages: what it has beside the least of all.
        suite: the release.

    Raises:
        ProgramError: this is not root, or something cannot be fetched.
    """
    if os.geteuid() != 0:
        raise ProgramError("the base image is made with debootstrap, which needs root")
    debootstrap = unpacked("debootstrap")
    # In a mount namespace of its own: what it mounts goes with it, even when it is killed.
    command = ["unshare", "--mount", "sh", str(debootstrap / "usr/sbin/debootstrap"), "--variant=minbase"]
    chosen = [f"--components={components()}", f"--include={','.join(packages)}"]
    environment = {**QUIET, "DEBOOTSTRAP_DIR": str(debootstrap / "usr/share/debootstrap")}
    run([*command, *chosen, suite, str(tree), archive_url()], environment=environment, seconds=600)
    for part in EMPTIED:
        # Emptied, not removed: apt and Docker want the folders themselves.
        for path in (tree / part).glob("*"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    if _trusted():
        # Where the machine reaches the world through a proxy, the proxy's authority is in here.
        shutil.copy2(AUTHORITIES, tree / AUTHORITIES.relative_to("/"))


def _trusted() -> str:
    return AUTHORITIES.read_text(encoding="utf-8") if AUTHORITIES.exists() else ""


def _install_from_pypi(tree: Path) -> None:
    # Downloaded by the Python outside, for the one inside: the tree has no network configuration.
    inside = ["chroot", str(tree)]
    version = run([*inside, "python3", "-c", "import platform; print(platform.python_version())"]).strip()
    wheels = tree / "wheels"
    wheels.mkdir()
    platforms = [f"--platform=manylinux{name}_{platform.machine()}" for name in MANYLINUX]
    target = ["--only-binary=:all:", f"--python-version={version}", *platforms, "--no-deps"]
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", *target]
    run([*download, f"--requirement={REQUIREMENTS}", f"--dest={wheels}"], seconds=600)
    shutil.copy2(REQUIREMENTS, wheels / "requirements.txt")
    run([*inside, "python3", "-m", "venv", ENVIRONMENT])
    pip = [*inside, f"{ENVIRONMENT}/bin/pip"]
    offline = ["--quiet", "--no-index", "--no-deps", "--find-links=/wheels"]
    run([*pip, "install", *offline, "--requirement=/wheels/requirements.txt"], seconds=600)
    run([*pip, "check"])
    for folder in (wheels, *(path for part in UNUSED for path in (tree / ENVIRONMENT[1:]).glob(part))):
        shutil.rmtree(folder)
