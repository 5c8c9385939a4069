"""The script that lists packages, run over trees that look like an image."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from hub_image_actions.packages.package_list import PackageList
from interpreters import interpreters

DPKG = """Package: dpkg
Status: install ok installed
Architecture: amd64
Version: 1.21.22

Package: libc6
Status: install ok installed
Architecture: i386
Version: 2.36-9+deb12u4
Description: a library
 Version: of nothing

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: tzdata
Status: hold ok installed
Architecture: all
Version: 2024a-0+deb12u1
"""
R_APT = "".join(
    f"\nPackage: {name}\nStatus: install ok installed\nArchitecture: all\nVersion: {version}\n"
    for name, version in {
        "r-base-core": "4.2.2-1",
        "r-cran-mass": "7.3-58",
        "r-cran-data.table": "1.14",
    }.items()
)


def metadata(name: str, version: str) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nVersion: of the description\n"


def description(name: str, version: str, priority: str = "") -> str:
    return f"Package: {name}\nVersion: {version}\n" + (f"Priority: {priority}\n" if priority else "")


class Tree:
    """A folder with the files of an image."""

    def __init__(self, root: Path, script: Path) -> None:
        self.root = root / "image"
        self.root.mkdir()
        self._result = root / "packages.json"
        self._script = script

    def add(self, files: Mapping[str, str]) -> None:
        """Add files."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def value(self, python: Path = Path(sys.executable), **variables: str) -> dict[str, Any]:
        """Run the script and return what it writes."""
        command = [str(python), "-I", "-S", "-B", *map(str, (self._script, self._result, self.root))]
        environment = {"PATH": "/usr/local/bin:/usr/bin", "HOME": "/home/jovyan", **variables}
        done = subprocess.run(
            command, env=environment, check=False, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return dict(json.loads(self._result.read_text()))

    def packages(self, **variables: str) -> list[str]:
        """Return the packages that it finds, each as `manager name version place`."""
        value = self.value(Path(sys.executable), **variables)
        assert value["unread"] == []
        found = PackageList.from_value(value).packages
        return [" ".join(filter(None, (p.manager, p.name, p.version, p.environment))) for p in found]


@pytest.fixture
def tree(tmp_path: Path, root: Path) -> Tree:
    return Tree(tmp_path, root / "src/hub_image_actions/in_image/list_packages.py")


def test_an_empty_image_has_no_packages(tree: Tree) -> None:
    assert tree.packages() == []


def test_apt_tells_what_is_installed_and_of_which_other_architecture(tree: Tree) -> None:
    tree.add({"var/lib/dpkg/status": DPKG, "etc/os-release": 'NAME="x"\nID=debian\nVERSION_ID="12"\n'})
    value = tree.value()
    assert value["packages"]["apt"] == {
        "": "dpkg 1.21.22\nlibc6:i386 2.36-9+deb12u4\ntzdata 2024a-0+deb12u1\n"
    }
    assert value["system"] == "debian 12"


def test_conda_is_read_in_all_environments_without_conda(tree: Tree) -> None:
    tree.add(
        {
            "srv/conda/conda-meta/python-3.11.6-hab00c5b_0_cpython.json": "{}",
            "srv/conda/conda-meta/history": "",
            "srv/conda/envs/notebook/conda-meta/r-base-4.3.1-h2.json": "{}",
            "opt/tools/conda-meta/ca-certificates-2024.2.2-hbcca054_0.json": "{}",
            "home/jovyan/.conda/envs/own/conda-meta/zlib-1.3-1.json": "{}",
        }
    )
    assert tree.packages() == [
        "conda ca-certificates 2024.2.2 /opt/tools",
        "conda python 3.11.6 /srv/conda",
        "conda r-base 4.3.1 /srv/conda/envs/notebook",
        "conda zlib 1.3 /home/jovyan/.conda/envs/own",
    ]


def test_pip_lists_what_neither_conda_nor_apt_installed(tree: Tree) -> None:
    conda = "srv/conda/lib/python3.11/site-packages"
    tree.add(
        {
            "srv/conda/conda-meta/numpy-2.1.0-py311.json": "{}",
            "srv/conda/conda-meta/old.egg-1.0-py311.json": "{}",
            f"{conda}/numpy-2.1.0.dist-info/METADATA": metadata("numpy", "2.1.0"),
            f"{conda}/numpy-2.1.0.dist-info/INSTALLER": "conda\n",
            f"{conda}/old_egg-1.0.egg-info/PKG-INFO": metadata("old_egg", "1.0"),
            f"{conda}/otter_grader-5.5.0.dist-info/METADATA": metadata("otter-grader", "5.5.0"),
            f"{conda}/otter_grader-5.5.0.dist-info/INSTALLER": "pip\n",
            f"{conda}/Ruamel.Yaml-0.18.dist-info/METADATA": metadata("Ruamel.Yaml", "0.18"),
            "usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO": metadata("six", "1.16.0"),
            "usr/local/lib/python3.11/dist-packages/x-1.dist-info/METADATA": metadata("x", "1"),
            "home/jovyan/.local/lib/python3.11/site-packages/y-1.dist-info/METADATA": metadata("y", "1"),
            "opt/venv/lib/python3.12/site-packages/z-1.dist-info/METADATA": metadata("z", "1"),
        }
    )
    assert [line for line in tree.packages() if line.startswith("pip")] == [
        "pip otter-grader 5.5.0 /srv/conda",
        "pip ruamel-yaml 0.18 /srv/conda",
        "pip x 1 /usr/local",
        "pip y 1 /home/jovyan/.local",
        "pip z 1 /opt/venv",
    ]


def test_a_folder_that_several_links_lead_to_is_read_once(tree: Tree) -> None:
    tree.add({"opt/conda/lib/python3.11/site-packages/x-1.dist-info/METADATA": metadata("x", "1")})
    (tree.root / "srv").mkdir()
    (tree.root / "srv/conda").symlink_to("../opt/conda")
    (tree.root / "opt/conda/lib/python3.1").symlink_to("python3.11")
    assert tree.packages(CONDA_DIR="/srv/conda", PATH="/srv/conda/bin:/opt/conda/bin") == [
        "pip x 1 /opt/conda"
    ]


def test_r_lists_what_neither_conda_nor_apt_installed_and_itself(tree: Tree) -> None:
    tree.add(
        {
            "usr/local/lib/R/library/base/DESCRIPTION": description("base", "4.4.1", "base"),
            "usr/local/lib/R/library/stats/DESCRIPTION": description("stats", "4.4.1", "base"),
            "usr/local/lib/R/site-library/dplyr/DESCRIPTION": description("dplyr", "1.1.4"),
            "srv/rlibs/ottr/DESCRIPTION": description("ottr", "1.5.0"),
            "srv/conda/conda-meta/r-base-4.3.1-h1.json": "{}",
            "srv/conda/conda-meta/r-r6-2.5.1-h1.json": "{}",
            "srv/conda/lib/R/library/base/DESCRIPTION": description("base", "4.3.1", "base"),
            "srv/conda/lib/R/library/R6/DESCRIPTION": description("R6", "2.5.1"),
            "srv/conda/lib/R/library/mosaic/DESCRIPTION": description("mosaic", "1.9.1"),
        }
    )
    assert [line for line in tree.packages() if line.startswith("r ")] == [
        "r R 4.4.1 /usr/local/lib/R/library",
        "r dplyr 1.1.4 /usr/local/lib/R/site-library",
        "r mosaic 1.9.1 /srv/conda/lib/R/library",
        "r ottr 1.5.0 /srv/rlibs",
    ]


def test_r_of_debian_is_apts(tree: Tree) -> None:
    tree.add(
        {
            "var/lib/dpkg/status": DPKG + R_APT,
            "usr/lib/R/library/base/DESCRIPTION": description("base", "4.2.2", "base"),
            "usr/lib/R/library/MASS/DESCRIPTION": description("MASS", "7.3-58", "recommended"),
            "usr/lib/R/site-library/data.table/DESCRIPTION": description("data.table", "1.14"),
            "usr/lib/R/site-library/own/DESCRIPTION": description("own", "0.1"),
        }
    )
    assert [line for line in tree.packages() if line.startswith("r ")] == [
        "r own 0.1 /usr/lib/R/site-library"
    ]


def test_r_itself_is_asked_for_its_libraries(tree: Tree, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "Rscript").write_text("#!/bin/sh\necho /data/library\n")
    (programs / "Rscript").chmod(0o755)
    tree.add({"data/library/x/DESCRIPTION": description("x", "1")})
    assert tree.packages(PATH=f"{programs}:/bin") == ["r x 1 /data/library"]


def test_an_r_that_does_not_start_leaves_the_known_folders(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "Rscript").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "Rscript").chmod(0o755)
    tree.add({"usr/lib/R/library/x/DESCRIPTION": description("x", "1")})
    assert tree.packages(PATH=f"{tmp_path}:/bin") == ["r x 1 /usr/lib/R/library"]


def test_npm_lists_what_is_installed_for_everybody(tree: Tree) -> None:
    modules = "usr/local/lib/node_modules"
    tree.add(
        {
            f"{modules}/npm/package.json": '{"name": "npm", "version": "10.8.2"}',
            f"{modules}/@jupyter/chat/package.json": '{"name": "@jupyter/chat", "version": "1.0.0"}',
            f"{modules}/npm/node_modules/semver/package.json": '{"name": "semver", "version": "7"}',
            f"{modules}/broken/package.json": '{"name": ',
            f"{modules}/nameless/package.json": "{}",
        }
    )
    assert tree.packages() == ["npm @jupyter/chat 1.0.0 /usr/local", "npm npm 10.8.2 /usr/local"]


@pytest.mark.parametrize("table", ["deps.", ""])
def test_julia_lists_what_its_environments_pin(tree: Tree, table: str) -> None:
    manifest = (
        f'julia_version = "1.10.4"\nmanifest_format = "2.0"\n\n'
        f'[[{table}Dates]]\ndeps = ["Printf"]\nuuid = "a"\n\n'
        f'[[{table}DataFrames]]\ngit-tree-sha1 = "0"\nuuid = "b"\nversion = "1.6.1"\n\n'
        f'    [{table}DataFrames.weakdeps]\n    CSV = "c"\n\n[[{table}Zlib_jll]]\nversion = "1.2.13+1"\n'
    )
    tree.add({"srv/julia/pkg/environments/v1.10/Manifest.toml": manifest})
    assert tree.packages() == [
        "julia DataFrames 1.6.1 /srv/julia/pkg",
        "julia Zlib_jll 1.2.13+1 /srv/julia/pkg",
        "julia julia 1.10.4 /srv/julia/pkg",
    ]


def test_a_manager_that_cannot_be_read_is_told_and_costs_nothing_else(tree: Tree) -> None:
    tree.add(
        {
            "srv/conda/conda-meta/x-1-0.json": "{}",
            "srv/julia/pkg/environments/v1.10/Manifest.toml/what": "",
        }
    )
    value = tree.value()
    assert value["packages"]["conda"] == {"/srv/conda": "x 1\n"}
    assert value["unread"] == ["julia"]
    assert value["notes"][0].startswith("julia: IsADirectoryError: ")


def test_a_name_that_cannot_be_one_is_left_out(tree: Tree) -> None:
    tree.add(
        {
            "usr/local/lib/node_modules/a/package.json": json.dumps({"name": "a b", "version": "1"}),
            "usr/local/lib/node_modules/b/package.json": json.dumps({"name": "b", "version": "1\n2"}),
            "usr/local/lib/node_modules/c/package.json": json.dumps({"name": "\x1b[2J", "version": "1"}),
            "usr/local/lib/node_modules/d/package.json": json.dumps({"name": "d", "version": "1"}),
        }
    )
    assert tree.packages() == ["npm d 1 /usr/local"]


@pytest.mark.parametrize("python", [pytest.param(path, id=name) for name, path in interpreters().items()])
def test_every_python_lists_the_same(tree: Tree, python: Path) -> None:
    site = "opt/venv/lib/python3.12/site-packages"
    tree.add({f"{site}/x-1.dist-info/METADATA": metadata("X", "1"), "var/lib/dpkg/status": DPKG})
    assert tree.value(python) == tree.value()


def test_a_large_image_is_read_in_seconds_and_its_list_is_small(tree: Tree) -> None:
    site = "srv/conda/lib/python3.11/site-packages"
    pip = {
        f"{site}/package_{n}-{n}.0.dist-info/METADATA": metadata(f"package-{n}", f"{n}.0") for n in range(600)
    }
    entry = "Package: lib{0}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.{0}-1\n\n"
    tree.add({**pip, "var/lib/dpkg/status": "".join(entry.format(n) for n in range(800))})
    started = process_time()
    found = tree.packages()
    assert len(found) == 1400
    assert process_time() - started < 10


def test_the_script_needs_no_newer_python_than_it_says(root: Path) -> None:
    script = root / "src/hub_image_actions/in_image/list_packages.py"
    vermin = Path(sys.executable).with_name("vermin")
    command = [str(vermin), "--target=3.8-", "--violations", "--no-tips", str(script)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
