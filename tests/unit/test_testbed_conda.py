"""The parts of the test bed's conda-forge that need no engine: what they get wrong, images get wrong."""

import io
import json
import socket
import ssl
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import zstandard

from testbed import conda_lock
from testbed.certificates import Authority
from testbed.conda_from_wheel import PythonTarget, from_wheel, is_used
from testbed.conda_lock import LockedPackage, locked_packages, locked_requirement, read_release
from testbed.conda_names import CondaNames, pypi_name
from testbed.conda_package import PREFIX, ChannelFolder, CondaPackage
from testbed.conda_sites import Folder, MicromambaDownload, OtherLanguages, SimpleIndex, UnlistedPackages
from testbed.conda_wheels import locked_versions, requirements
from testbed.connect_proxy import ConnectProxy
from testbed.debian_archive import add_empty, write_index
from testbed.fault_proxy import Answer, Truncated
from testbed.internet import Internet, Slow, UnknownName
from testbed.name_server import answer
from testbed.process import ProgramError
from testbed.token_server import SigningKey, TokenServer

LOCK = """# platform: linux-64
@EXPLICIT
https://conda.test/conda-forge/linux-64/ld_impl_linux-64-2.44-ha97dd6f_2.conda#14bae3
https://conda.test/conda-forge/noarch/defusedxml-0.7.1-pyhd8ed1ab_0.tar.bz2#961b3a
https://conda.test/conda-forge/linux-64/brotli-python-1.1.0-py313h7033f15_4.conda
https://conda.test/conda-forge/noarch/cpython-3.13.8-py313hd8ed1ab_101.conda#d60198
https://conda.test/conda-forge/noarch/cached-property-1.5.2-hd8ed1ab_1.tar.bz2#9b347a
https://conda.test/conda-forge/noarch/cached_property-1.5.2-pyha770c72_1.tar.bz2#576d62
"""
# A part of the loopback network that no server of other tests takes.
ADDRESS = "127.213.0.1"
PYTHON = PythonTarget("3.13")


def test_a_list_names_packages_by_their_files() -> None:
    packages = locked_packages(LOCK)
    assert packages[0] == LockedPackage("linux-64", "ld_impl_linux-64", "2.44", "ha97dd6f_2", ".conda")
    assert packages[1].extension == ".tar.bz2"
    assert packages[3].build_number == 101


def test_of_a_list_only_pythons_packages_are_looked_for_on_pypi() -> None:
    assert locked_versions(locked_packages(LOCK)) == {
        "defusedxml": "0.7.1",
        "brotli": "1.1.0",
        "cached-property": "1.5.2",
    }


@pytest.mark.parametrize(
    ("pypi", "conda"),
    [
        ("jupyterhub", "jupyterhub-base"),
        ("Cached_Property", "cached_property"),
        ("numpy", "numpy"),
        ("Brotli", "brotli-python"),
    ],
)
def test_a_package_has_conda_forges_name(pypi: str, conda: str) -> None:
    names = CondaNames(package.name for package in locked_packages(LOCK))
    assert names.of(pypi) == conda
    assert pypi_name(conda) == pypi.lower().replace("_", "-")


def test_what_an_environment_names_is_written_as_pip_wants_it() -> None:
    text = "dependencies:\n- python=3.13.*\n- numpy=2.4.*\n- pandas>=3\n- scipy==1.1\n- pip:\n  - x==1\n"
    assert requirements(text) == ["numpy==2.4.*", "pandas>=3", "scipy==1.1"]


def wheel_of_repo2docker(folder: Path, script: str) -> Path:
    path = folder / "jupyter_repo2docker-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{conda_lock.CONDA}/environment.py-3.13-linux-64.lock", LOCK)
        archive.writestr(f"{conda_lock.CONDA}/environment.py-3.13-linux-aarch64.lock", "")
        archive.writestr(f"{conda_lock.CONDA}/install-base-env.bash", script)
    return path


def test_a_release_of_repo2docker_says_what_it_installs(tmp_path: Path) -> None:
    script = 'export MAMBA_VERSION="2.3.3"\nexport CONDA_VERSION="25.9.1"\n'
    release = read_release(wheel_of_repo2docker(tmp_path, script))
    assert (list(release.locks), release.micromamba, release.conda) == (["3.13"], "2.3.3", "25.9.1")
    assert len(release.packages("3.13")) == 6


def test_an_older_release_quotes_no_version(tmp_path: Path) -> None:
    script = "export MAMBA_VERSION=1.5.7\nexport CONDA_VERSION=24.3.0\n"
    release = read_release(wheel_of_repo2docker(tmp_path, script))
    assert (release.micromamba, release.conda) == ("1.5.7", "24.3.0")


def test_a_release_that_is_made_in_another_way_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="neither locks nor versions"):
        read_release(wheel_of_repo2docker(tmp_path, "export MAMBA=1\n"))


def test_the_lock_says_which_repo2docker_and_with_which_hashes() -> None:
    assert locked_requirement("jupyter-repo2docker").count("--hash=sha256:") >= 1


def unpacked(content: bytes, part: str) -> dict[str, tarfile.TarInfo]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = (name for name in archive.namelist() if name.startswith(part))
        tar = zstandard.ZstdDecompressor().decompress(archive.read(name))
    with tarfile.open(fileobj=io.BytesIO(tar)) as members:
        return {member.name: member for member in members}


def test_a_package_has_its_files_and_what_conda_wants_to_know_of_them() -> None:
    package = CondaPackage("tool", "1.0", "h0_3", "linux-64", ["python"], build_number=3)
    package.add("bin/tool", f"#!{PREFIX}/bin/python\n".encode(), 0o755)
    package.link("bin/t", "tool")
    content = package.packed()
    files = unpacked(content, "pkg-")
    assert files["bin/tool"].mode == 0o755
    assert files["bin/t"].linkname == "tool"
    assert {"info/index.json", "info/paths.json", "info/files"} <= unpacked(content, "info-").keys()


def test_the_older_format_holds_all_in_one_archive() -> None:
    package = CondaPackage("tool", "1.0", "0", "noarch", entry_points=["tool = tool:main"])
    package.add("site-packages/tool.py", b"x = 1\n")
    with tarfile.open(fileobj=io.BytesIO(package.packed(".tar.bz2"))) as archive:
        assert {"info/link.json", "site-packages/tool.py"} <= set(archive.getnames())


def test_a_package_may_have_the_content_of_another() -> None:
    real = CondaPackage("python", "3.11.2", "0", "linux-64")
    real.add("bin/python", b"program", 0o755)
    content = CondaPackage("python", "3.11.8", "h1_0", "linux-64").named_anew(real.packed())
    assert unpacked(content, "pkg-python-3.11.8-h1_0.tar.zst")["bin/python"].size == 7
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        tar = zstandard.ZstdDecompressor().decompress(archive.read("info-python-3.11.8-h1_0.tar.zst"))
    with tarfile.open(fileobj=io.BytesIO(tar)) as members:
        index = members.extractfile("info/index.json")
        assert index
        assert json.load(index)["version"] == "3.11.8"


def test_the_index_of_a_channel_tells_the_formats_apart(tmp_path: Path) -> None:
    channel = ChannelFolder(tmp_path)
    channel.add(CondaPackage("new", "1", "0", "noarch"))
    channel.add(CondaPackage("old", "1", "0", "noarch"), ".tar.bz2")
    channel.write_index()
    packed = (tmp_path / "noarch/repodata.json.zst").read_bytes()
    index = json.loads(zstandard.ZstdDecompressor().decompress(packed))
    assert list(index["packages"]) == ["old-1-0.tar.bz2"]
    assert index["packages.conda"]["new-1-0.conda"]["size"] > 0
    assert index == json.loads((tmp_path / "noarch/repodata.json").read_text())


def wheel(folder: Path, tag: str) -> Path:
    path = folder / f"some_tool-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "some_tool-1.0.dist-info/METADATA",
            "Name: some-tool\nRequires-Dist: Brotli ~=1.1.0\n"
            "Requires-Dist: tomli >=2 ; python_version < '3.11'\n"
            "Requires-Dist: numpy ==2.* ; extra == 'all'\n\nText.\n",
        )
        archive.writestr(
            "some_tool-1.0.dist-info/entry_points.txt", "[console_scripts]\ntool = some_tool:main [x]\n"
        )
        archive.writestr("some_tool/__init__.py", "")
        archive.writestr("some_tool/tests/test_it.py", "")
        archive.writestr("some_tool-1.0.data/scripts/other", "#!python\n")
        archive.writestr("some_tool-1.0.data/data/share/x", "x")
    return path


def test_a_wheel_for_every_platform_is_a_package_for_every_platform(tmp_path: Path) -> None:
    package = from_wheel(wheel(tmp_path, "py3-none-any"), CondaNames([]), PYTHON)
    assert (package.stem, package.subdir) == ("some-tool-1.0-pyhd8ed1ab_0", "noarch")
    assert package.depends == ["python", "brotli-python >=1.1.0,1.1.*"]
    assert package.entry_points == ["tool = some_tool:main"]
    assert {"site-packages/some_tool/__init__.py", "python-scripts/other", "share/x"} <= package.files.keys()


def test_a_wheel_with_compiled_code_is_a_package_for_one_python(tmp_path: Path) -> None:
    package = from_wheel(wheel(tmp_path, "cp313-cp313-linux_x86_64"), CondaNames([]), PYTHON)
    assert (package.stem, package.subdir) == ("some-tool-1.0-py313h0000000_0", "linux-64")
    assert package.depends[:2] == ["python >=3.13,<3.14.0a0", "python_abi 3.13.* *_cp313"]
    assert b"from some_tool import main" in package.files["bin/tool"].content
    assert package.files["bin/other"].content == f"#!{PREFIX}/bin/python\n".encode()


def test_what_a_list_has_for_every_platform_is_for_every_python(tmp_path: Path) -> None:
    locked = LockedPackage("noarch", "some-tool", "1.0", "pyh123_4")
    compiled = wheel(tmp_path, "cp313-cp313-linux_x86_64")
    package = from_wheel(compiled, CondaNames([]), PYTHON, locked)
    assert package.depends[:2] == ["python", "brotli-python >=1.1.0,1.1.*"]


def test_a_package_that_a_list_names_has_the_lists_name(tmp_path: Path) -> None:
    locked = LockedPackage("noarch", "some_tool", "1.0", "pyh123_4", ".tar.bz2")
    package = from_wheel(wheel(tmp_path, "py3-none-any"), CondaNames([]), PYTHON, locked)
    assert (package.stem, package.build_number) == ("some_tool-1.0-pyh123_4", 4)


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("numpy/tests/test_x.py", False),
        ("tests/__init__.py", True),
        ("numpy/core.py", True),
        ("numpy/core.pyi", False),
        ("babel/locale-data/fr.dat", False),
        ("babel/locale-data/en.dat", True),
    ],
)
def test_what_no_image_uses_is_left_out(name: str, used: bool) -> None:
    assert is_used(name) is used


def question(name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return (
        b"\x12\x34" + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)
    )


@pytest.mark.parametrize(("kind", "records"), [(1, 1), (28, 0)])
def test_every_name_leads_to_one_address_of_ipv4(kind: int, records: int) -> None:
    said = answer(question("conda.test", kind), "10.0.0.1", lambda _: True)
    assert struct.unpack("!HHHHHH", said[:12]) == (0x1234, 0x8180, 1, records, 0, 0)
    assert said.endswith(socket.inet_aton("10.0.0.1")) is bool(records)


def test_an_unknown_name_does_not_exist() -> None:
    said = answer(question("conda.test", 1), "10.0.0.1", lambda name: name != "conda.test")
    assert struct.unpack("!HHHHHH", said[:12]) == (0x1234, 0x8183, 1, 0, 0, 0)


@pytest.fixture
def internet(tmp_path: Path) -> Iterator[Internet]:
    (tmp_path / "files").mkdir()
    (tmp_path / "files/inflection-0.5.1-py3-none-any.whl").write_bytes(b"0123456789")
    sites = (
        SimpleIndex(tmp_path / "files"),
        Folder("/packages/", tmp_path / "files"),
        MicromambaDownload(),
        OtherLanguages(),
    )
    outside = Internet(Authority(tmp_path), sites)
    with outside.at(ADDRESS):
        yield outside


def asked(path: str) -> requests.Response:
    return requests.get(f"http://{ADDRESS}{path}", headers={"Host": "files.test"}, timeout=10)


def test_a_path_says_which_service_is_meant(internet: Internet) -> None:
    assert "../../packages/inflection-0.5.1" in asked("/simple/Inflection/").text
    assert asked("/packages/inflection-0.5.1-py3-none-any.whl").content == b"0123456789"
    assert [request.status for request in internet.seen("^/(simple|packages)/")] == [200, 200]


@pytest.mark.parametrize("path", ["/simple/numpy/", "/packages/../authority.pem", "/conda-forge/x", "/"])
def test_what_no_service_has_is_not_found(internet: Internet, path: str) -> None:
    assert asked(path).status_code == 404
    assert internet.requests[0].host == "files.test"


def test_micromamba_comes_in_the_archive_that_repo2docker_unpacks(internet: Internet) -> None:
    path = "/conda-forge/micromamba/2.3.3/download/linux-64/micromamba-2.3.3-0.tar.bz2"
    with tarfile.open(fileobj=io.BytesIO(asked(path).content)) as archive:
        (member,) = archive.getmembers()
    assert (member.name, member.mode & 0o111) == ("bin/micromamba", 0o111)


def test_a_site_may_be_asked_by_what_is_sent(internet: Internet) -> None:
    said = requests.post(f"http://{ADDRESS}/__api__/url", json={"repo": "all"}, timeout=10)
    assert said.json()["upsi"]
    assert internet.requests[0].status == 200


def test_every_host_has_a_certificate_of_the_authority(internet: Internet, tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=tmp_path / "authority.pem")
    for host in ("conda.test", "files.test"):
        with (
            socket.create_connection((ADDRESS, 443), timeout=10) as connection,
            context.wrap_socket(connection, server_hostname=host) as secure,
        ):
            secure.sendall(f"GET /nothing HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert secure.recv(12) == b"HTTP/1.1 404"


@pytest.fixture
def unlisted(tmp_path: Path) -> UnlistedPackages:
    pip = CondaPackage("pip", "25.2", "0", "noarch", entry_points=[])
    (tmp_path / "pip.conda").write_bytes(pip.packed())
    (tmp_path / "paths.txt").write_text("noarch/pip-24.0-pyhd8ed1ab_0.conda\nlinux-64/tk-8.6-h1_2.tar.bz2")
    return UnlistedPackages(tmp_path)


def test_a_list_finds_packages_that_no_index_names(unlisted: UnlistedPackages) -> None:
    older = unlisted.content("/conda-forge/noarch/pip-24.0-pyhd8ed1ab_0.conda")
    assert older
    assert "info/link.json" in unpacked(older, "info-pip-24.0")
    empty = unlisted.content("/conda-forge/linux-64/tk-8.6-h1_2.tar.bz2")
    assert empty
    with tarfile.open(fileobj=io.BytesIO(empty)) as archive:
        assert all(name.startswith("info/") for name in archive.getnames())


@pytest.mark.parametrize("path", ["/conda-forge/noarch/pip-1-0.conda", "/other/noarch/x", "/conda-forge/"])
def test_what_no_list_names_is_not_there(unlisted: UnlistedPackages, path: str) -> None:
    assert unlisted.content(path) is None


def test_what_goes_wrong_goes_wrong_for_one_host_and_path_alone(internet: Internet) -> None:
    with internet.trouble(Answer(503), host=r"files\.test", path="^/simple/"):
        assert asked("/simple/inflection/").status_code == 503
        assert asked("/packages/inflection-0.5.1-py3-none-any.whl").status_code == 200
    assert asked("/simple/inflection/").status_code == 200


def test_an_answer_may_be_cut(internet: Internet) -> None:
    with (
        internet.trouble(Truncated(after=5), path="whl"),
        pytest.raises(requests.exceptions.ChunkedEncodingError),
    ):
        asked("/packages/inflection-0.5.1-py3-none-any.whl")


def test_an_answer_may_be_slow(internet: Internet) -> None:
    with internet.trouble(Slow(0.3)):
        assert asked("/simple/inflection/").elapsed.total_seconds() > 0.3


def test_a_name_may_be_unknown_for_a_while(internet: Internet) -> None:
    with internet.trouble(UnknownName(), host=r"files\.test"):
        assert not internet.knows("files.test")
        assert internet.knows("conda.test")
    assert internet.knows("files.test")


def test_a_proxy_leads_to_what_a_host_stands_for(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    hub = TokenServer({})
    hub.encrypt(authority.server_context("hub.test"))
    with hub, ConnectProxy({"hub.test:443": hub.host}) as proxy:
        proxies = {"https": proxy.url}
        said = requests.get("https://hub.test/token", proxies=proxies, verify=str(authority.file), timeout=10)
        assert said.status_code == 200
        with pytest.raises(requests.exceptions.ProxyError):
            requests.get("https://127.0.0.1:1/", proxies=proxies, timeout=10)


def test_a_proxy_may_know_no_other_world() -> None:
    with ConnectProxy({"hub.test:443": "127.0.0.1:1"}, "127.0.0.1:2") as proxy:
        assert proxy.server_for("hub.test:443") == "127.0.0.1:1"
        assert proxy.server_for("files.test:443") == "127.0.0.1:2"


def test_a_key_that_was_kept_is_the_same(tmp_path: Path) -> None:
    signing = SigningKey.made(days=30)
    signing.keep(tmp_path)
    assert SigningKey.kept(tmp_path).certificate == signing.certificate
    assert (tmp_path / "authority.key").stat().st_mode & 0o777 == 0o600


def test_an_archive_tells_apt_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    add_empty("sudo", tmp_path / "pool")
    write_index(tmp_path, "trixie")
    packages = (tmp_path / "dists/trixie/main/binary-amd64/Packages").read_text()
    assert "Package: sudo" in packages
    assert "Filename: pool/sudo_0_all.deb" in packages
    release = (tmp_path / "dists/trixie/Release").read_text()
    assert "Codename: trixie" in release
    assert release.count("main/binary-amd64/Packages") == 2
