"""A stand-in for the image that repo2docker builds on, and an archive of Debian for what is put into it.

It is Debian's trixie instead of Ubuntu 24.04, with what repo2docker's Dockerfile takes for granted, the
libraries that Debian's CPython needs, and a conda implementation for the stand-in of micromamba. It trusts
the test bed's internet.
"""

import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from testbed.base_image import BaseImage, bootstrap, cached_image
from testbed.conda_wheels import download_listed
from testbed.debian import download
from testbed.debian_archive import add_empty, write_index
from testbed.process import run
from testbed.registry import Registry
from testbed.seed_image import with_layer
from testbed.token_server import SigningKey

# Counted up when the code below makes another image of the same packages.
RECIPE = 2
SUITE = "trixie"
# The release's own Python, which the conda packages of it are made of.
PYTHON = "3.13"
REPOSITORY = "library/buildpack-deps"
# What repo2docker 2026.04 builds on, and what those before it do: there, nobody has the number 1000 yet.
TAG, OLDER_TAG = "24.04", "jammy"
# Its host is nobody's: to the images, every host is the test bed's internet.
SOURCES = f"deb [trusted=yes] http://archive.test/debian {SUITE} main\n"
RATTLER = Path(__file__).with_name("rattler.txt")
RATTLER_FOLDER = "usr/libexec/testbed-rattler"
LIBRARIES = (
    *("libbz2-1.0", "libexpat1", "libffi8", "liblzma5", "libncursesw6", "libreadline8t64", "libsqlite3-0"),
    *("libssl3t64", "libuuid1", "zlib1g"),
)
PACKAGES = (
    "python3",
    "python3-yaml",
    "python3-cffi-backend",
    "python3-zstandard",
    "ca-certificates",
    "curl",
    "wget",
    "bzip2",
    *LIBRARIES,
)
# What repo2docker installs into every image.
INSTALLED_ALWAYS = ("locales", "gettext-base", "less", "unzip")
# What R wants, in empty packages: building stops where R itself would be fetched.
EMPTY = ("libapparmor1", "libclang-dev", "libssl-dev", "libzmq3-dev", "lsb-release", "psmisc", "sudo")
# As in Ubuntu's image, somebody has the number 1000 already, and repo2docker gives them another name.
ACCOUNTS = {
    "passwd": "ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash\n",
    "shadow": "ubuntu:!::0:99999:7:::\n",
    "group": "ubuntu:x:1000:\n",
    "gshadow": "ubuntu:!::\n",
}
CONFIG = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["bash"]}
TEN_YEARS = 3650


@dataclass(frozen=True)
class CondaBaseImage:
    """The image, and what was made with it.

    Attributes:
        image: the image, for registries and engines.
    """

    image: BaseImage

    @property
    def archive(self) -> Path:
        """The archive of Debian."""
        return self.image.folder / "debian"

    def push(self, registry: Registry) -> None:
        """Push the image to a registry under the names that it has on Docker Hub."""
        self.image.push(registry, REPOSITORY, TAG)
        accounts = {f"etc/{name}": (self.image.folder / name).read_bytes() for name in ACCOUNTS}
        registry.push(REPOSITORY, OLDER_TAG, with_layer(self.image.image(), accounts))

    @property
    def signing(self) -> SigningKey:
        """The key whose certificates the image trusts."""
        return SigningKey.kept(self.image.folder)


def conda_base_image(apt: str) -> CondaBaseImage:
    """Return the image, made unless it is in the cache.

    Args:
        apt: the text of an `apt.txt`, whose packages the archive is to have.

    Raises:
        ProgramError: this is not root, or something cannot be fetched.
    """
    wanted = [*INSTALLED_ALWAYS, *(line.strip() for line in apt.splitlines() if not line.startswith("#"))]
    packages = [name for name in wanted if name]
    made_of = [SUITE, *PACKAGES, *EMPTY, RATTLER.read_text(encoding="utf-8"), str(RECIPE), *packages]

    def make(tree: Path) -> None:
        bootstrap(tree, PACKAGES, SUITE)
        _add_rattler(tree)
        _add_archive(tree, packages)
        _adapt(tree)

    return CondaBaseImage(cached_image("conda", made_of, make, CONFIG, level=6))


def _add_rattler(tree: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        download_listed(RATTLER, Path(folder), PYTHON, "--require-hashes")
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tree / RATTLER_FOLDER)


def _add_archive(tree: Path, packages: list[str]) -> None:
    archive = tree.parent / "debian"
    (archive / "pool").mkdir(parents=True)
    download(packages, SUITE, archive / "pool", status=tree / "var/lib/dpkg/status")
    for name in EMPTY:
        add_empty(name, archive / "pool")
    write_index(archive, SUITE)


def _adapt(tree: Path) -> None:
    for name, line in ACCOUNTS.items():
        shutil.copy2(tree / "etc" / name, tree.parent / name)
        with (tree / "etc" / name).open("a", encoding="utf-8") as file:
            file.write(line)
    (tree / "home/ubuntu").mkdir()
    shutil.chown(tree / "home/ubuntu", 1000, 1000)
    (tree / "etc/apt/sources.list").write_text(SOURCES, encoding="utf-8")
    for path in (tree / "etc/apt/sources.list.d").iterdir():
        path.unlink()
    _forget_login_path(tree / "etc/profile")
    signing = SigningKey.made(TEN_YEARS)
    signing.keep(tree.parent)
    own = tree / "usr/local/share/ca-certificates"
    own.mkdir(parents=True, exist_ok=True)
    signing.write_certificate(own / "testbed.crt")
    run(["chroot", str(tree), "update-ca-certificates", "--fresh"])


def _forget_login_path(profile: Path) -> None:
    # Debian's login shells begin with a PATH of their own; Ubuntu's do not, and repo2docker's entry point
    # is one.
    text = profile.read_text(encoding="utf-8")
    profile.write_text(
        re.sub(r'^if \[ "\$\(id -u\)".*?^export PATH\n', "", text, flags=re.M | re.S), encoding="utf-8"
    )
