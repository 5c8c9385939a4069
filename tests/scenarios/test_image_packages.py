"""scripts/image-packages as people run it: a process, and a registry."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from hub_image_actions.http import Http
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.images.size import ImageSize, LayerSize
from hub_image_actions.packages.package_list import Package, PackageList
from hub_image_actions.registry.client import Registry
from scenarios.images import KEY
from testbed.fault_proxy import Answer, FaultProxy
from testbed.registry import Registry as RealRegistry
from testbed.seed_image import SeedImage, seed_image

Run = Callable[..., subprocess.CompletedProcess[str]]

OLD = PackageList(
    (
        Package("apt", "vim", "2:9.0"),
        Package("conda", "numpy", "1.26.4", "/srv/conda"),
        Package("pip", "otter-grader", "5.5.0", "/srv/conda"),
    ),
    "ubuntu 22.04",
)
NEW = PackageList(
    (
        Package("apt", "vim", "2:9.1"),
        Package("conda", "numpy", "2.1.0", "/srv/conda"),
        Package("r", "R", "4.4.1", "/usr/local/lib/R/library"),
    ),
    "ubuntu 24.04",
)
MIB = 1 << 20
MANY = PackageList(tuple(Package("pip", f"package-{n * 7919 % 10007}", f"{n % 31}.{n}") for n in range(1500)))


def image(packages: PackageList | None, size: int = 0, architecture: str = "amd64") -> SeedImage:
    """Return an image that tells what is in it."""
    sizes = ImageSize((LayerSize(size, ""),)) if size else None
    labels = ImageContents(packages, sizes).labelled({"maintainer": "x"})
    # A layer of another size is another layer.
    return seed_image({"size": str(size).encode()}, config={"Labels": labels}, architecture=architecture)


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Run:
    """Runs the script in an empty folder."""

    def start(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return subprocess.run(
            [str(root / "scripts/image-packages"), *arguments],
            cwd=tmp_path,
            env={"PATH": path, "HOME": str(tmp_path), **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return start


def test_what_is_in_an_image_is_printed(run: Run, registry: RealRegistry) -> None:
    registry.push("packages/one", "new", image(NEW, 300 * MIB))
    done = run(f"{registry.host}/packages/one:new")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "MANAGER  PACKAGE  VERSION  ENVIRONMENT",
        "apt      vim      2:9.1",
        "conda    numpy    2.1.0    /srv/conda",
        "r        R        4.4.1    /usr/local/lib/R/library",
        "1 apt, 1 conda, 1 r; 300 MiB unpacked; 0 MiB compressed",
    ]


def test_two_tags_are_compared(run: Run, registry: RealRegistry) -> None:
    registry.push("packages/two", "old", image(OLD, 100 * MIB))
    registry.push("packages/two", "new", image(NEW, 150 * MIB))
    name = f"{registry.host}/packages/two"
    done = run(f"{name}:old", "new")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{name}:old → {name}:new",
        "1 removed, 2 upgraded, 1 added; 1 by a major version",
        "",
        "Removed: 1",
        "  otter-grader  5.5.0  pip  /srv/conda",
        "",
        "Upgraded: 2",
        "  numpy  1.26.4 → 2.1.0  conda  /srv/conda",
        "  vim    2:9.0 → 2:9.1   apt",
        "",
        "Added: 1",
        "  R  4.4.1  R  /usr/local/lib/R/library",
        "",
        "Size, unpacked: 100 MiB → 150 MiB (+50 MiB, +50.0%)",
        "  100 MiB → 150 MiB (+50 MiB, +50.0%)  COPY files / # testbed",
    ]


def test_an_image_costs_two_requests_and_no_layer(run: Run, registry: RealRegistry) -> None:
    pushed = [image(MANY), image(NEW)]
    for tag, each in zip(("many", "few"), pushed, strict=True):
        registry.push("packages/counted", tag, each)
    with FaultProxy(registry.url) as proxy:
        assert run(f"{proxy.host}/packages/counted:many", "few").returncode == 0
        seen = [(request.method, request.path) for request in proxy.seen()]
    start = "/v2/packages/counted"
    assert seen == [
        ("GET", f"{start}/manifests/many"),
        ("GET", f"{start}/blobs/{pushed[0].config_digest}"),
        ("GET", f"{start}/manifests/few"),
        ("GET", f"{start}/blobs/{pushed[1].config_digest}"),
    ]


def test_an_image_can_be_named_by_its_digest(run: Run, registry: RealRegistry) -> None:
    digest = registry.push("packages/digest", "new", image(NEW))
    assert run(f"{registry.host}/packages/digest@{digest}").returncode == 0


def test_without_a_tag_it_is_latest(run: Run, registry: RealRegistry) -> None:
    registry.push("packages/latest", "latest", image(NEW))
    registry.push("packages/another", "latest", image(OLD))
    done = run(f"{registry.host}/packages/another", f"{registry.host}/packages/latest")
    assert done.stdout.startswith(
        f"{registry.host}/packages/another:latest → {registry.host}/packages/latest:latest"
    )


def test_of_an_image_for_several_platforms_that_of_the_hubs_is_read(registry: RealRegistry) -> None:
    registry.push_index("packages/multi", "tag", [image(OLD, architecture="arm64"), image(NEW)])
    with Http() as http:
        found = read_pushed_image(Registry(http, registry.host), "packages/multi", "tag")
    assert found.contents.packages == NEW


def test_json_is_for_programs(run: Run, registry: RealRegistry) -> None:
    registry.push("packages/json", "old", image(OLD))
    registry.push("packages/json", "new", image(NEW, 5))
    name = f"{registry.host}/packages/json"
    one = json.loads(run(f"{name}:new", "--json").stdout)
    assert (one["image"], one["system"], one["unpacked"], len(one["packages"])) == (
        f"{name}:new",
        "ubuntu 24.04",
        5,
        3,
    )
    two = json.loads(run(f"{name}:old", "--json", "new").stdout)
    assert two["upgraded"][0] == {
        "manager": "conda",
        "name": "numpy",
        "old": "1.26.4",
        "new": "2.1.0",
        "environment": "/srv/conda",
    }
    assert [len(two[kind]) for kind in ("upgraded", "downgraded", "added", "removed")] == [2, 0, 1, 1]


def test_some_managers_can_be_asked_for(run: Run, registry: RealRegistry) -> None:
    registry.push("packages/some", "new", image(NEW))
    done = run(f"{registry.host}/packages/some:new", "--manager", "r", "--manager", "pip")
    assert done.stdout.splitlines()[1] == "r        R        4.4.1    /usr/local/lib/R/library"
    assert done.stdout.splitlines()[2].startswith("1 r; ")


def test_nothing_to_print_is_no_failure(run: Run, registry: RealRegistry) -> None:
    registry.push("packages/none", "new", image(PackageList()))
    done = run(f"{registry.host}/packages/none:new")
    assert (done.returncode, done.stdout) == (0, "no packages; 0 MiB compressed\n")


def test_a_bill_of_materials_is_written(run: Run, registry: RealRegistry, tmp_path: Path) -> None:
    digest = registry.push("packages/bill", "new", image(NEW))
    assert run(f"{registry.host}/packages/bill:new@{digest}", "--sbom", "bill.json").returncode == 0
    text = (tmp_path / "bill.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert '"pkg:conda/numpy@2.1.0"' in text


def test_an_image_without_a_list_is_an_error_that_says_what_to_do(run: Run, registry: RealRegistry) -> None:
    registry.push("packages/without", "old", seed_image())
    done = run(f"{registry.host}/packages/without:old")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"image-packages: The packages of {registry.host}/packages/without:old are not known: it was built "
        "without a list of its packages. "
        "Images built and pushed by `build` carry the list: build this one again.\n"
    )


def test_a_missing_tag_is_an_error(run: Run, registry: RealRegistry) -> None:
    registry.push("packages/there", "new", image(NEW))
    done = run(f"{registry.host}/packages/there:new", "gone")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{registry.host}/packages/there:gone" in done.stderr


def test_a_registry_that_is_down_is_an_error(run: Run, registry: RealRegistry) -> None:
    with FaultProxy(registry.url) as proxy:
        proxy.fail(Answer(404), path=r"/blobs/")
        registry.push("packages/down", "new", image(NEW))
        done = run(f"{proxy.host}/packages/down:new")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr


def test_the_credentials_are_those_of_docker_login(
    run: Run, guarded_registry: RealRegistry, tmp_path: Path
) -> None:
    guarded_registry.push("private/x", "new", image(NEW))
    name = f"{guarded_registry.host}/private/x:new"
    assert run(name).returncode == 1
    auth = base64.b64encode(f"_json_key:{KEY}".encode()).decode()
    (tmp_path / "docker").mkdir()
    settings = {"auths": {guarded_registry.host: {"auth": auth}}}
    (tmp_path / "docker/config.json").write_text(json.dumps(settings))
    assert run(name, DOCKER_CONFIG=str(tmp_path / "docker")).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("Not:An:Image",),
        ("x:1", "Not An Image"),
        ("x:1", "--manager", "brew"),
        ("x:1", "2", "--sbom", "f"),
    ],
)
def test_wrong_usage_ends_with_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: image-packages" in done.stderr
