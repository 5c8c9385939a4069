"""What a build tells of the image's contents: packages, what changed, size, a bill of materials."""

import json

import pytest

from hub_image_actions.images.contents import contents_of
from scenarios.action import Result
from scenarios.engines import on_both_engines
from scenarios.images import IMAGE, ImageRepository

PACKAGES = "/opt/jupyter/lib/python3.11/site-packages"


def dockerfile(base: str, **versions: str) -> str:
    """Return a Dockerfile that lays in packages of these versions."""
    made = " && ".join(
        f"mkdir {PACKAGES}/{name}-{version}.dist-info && printf 'Metadata-Version: 2.1\\nName: {name}\\n"
        f"Version: {version}\\n' > {PACKAGES}/{name}-{version}.dist-info/METADATA"
        for name, version in versions.items()
    )
    return f"FROM {base}\nUSER root\nRUN {made}\nUSER jovyan\n"


@pytest.fixture(scope="module")
def image_name() -> str:
    """An image name of this file's own."""
    return f"{IMAGE}-contents"


@pytest.fixture
def repository(images: ImageRepository, jupyter_base_image: str, image_name: str) -> ImageRepository:
    """A repository whose default branch has pushed an image, and has now another."""
    images.image = image_name
    images.commit({"Dockerfile": dockerfile(jupyter_base_image, numpy="1.26.4", oldlib="1.0")})
    images.publish()
    assert build(images, push="true").status == 0
    images.commit({"Dockerfile": dockerfile(jupyter_base_image, numpy="2.4.1", newlib="0.1")})
    return images


def build(repository: ImageRepository, **given: str) -> Result:
    return repository.build(**{"packages": "true", "test": "false", **given})


@on_both_engines
def test_the_report_says_which_packages_changed(repository: ImageRepository) -> None:
    result = build(repository)
    assert result.status == 0, result.log
    assert "1 removed, 1 upgraded, 1 added; 1 by a major version" in result.summary
    assert "| `numpy` | `1.26.4` | `2.4.1` | pip |" in result.summary
    assert "**Size** (unpacked)" in result.summary


@on_both_engines
def test_the_image_carries_the_list(repository: ImageRepository) -> None:
    result = build(repository, push="true", sbom="out/sbom.json", compare_with=repository.head[:12])
    assert result.status == 0, result.log
    config = repository.registry.image_config(repository.image, repository.head[:12])
    manifest = repository.registry.image_manifest(repository.image, repository.head[:12])
    listed = contents_of(manifest, config)
    assert listed.packages is not None
    assert ("pip", "newlib", "0.1") in {
        (one.manager, one.name, one.version) for one in listed.packages.packages
    }
    assert listed.unpacked is not None
    assert listed.unpacked.total == int(result.outputs["size"])
    made = json.loads((repository.checkout / "out/sbom.json").read_text())
    assert made["bomFormat"] == "CycloneDX"
    assert "numpy" in {one["name"] for one in made["components"]}
    # It was asked to be compared with itself, which was not there.
    assert "What changed in the image is not known." in result.said("warning")[0]


@pytest.mark.parametrize(("over", "status"), [("warn", 0), ("fail", 1)])
def test_an_image_beyond_its_limits(repository: ImageRepository, over: str, status: int) -> None:
    result = build(repository, push="true", max_size="100 MB", over_budget=over)
    assert result.status == status
    said = result.said("error" if status else "warning")[0]
    assert "more than `max-size` allows." in said
    assert (repository.head[:12] in repository.registry.tags(repository.image)) == (status == 0)


def test_an_image_without_python_is_built_all_the_same(
    images: ImageRepository, small_base_image: str
) -> None:
    images.commit({"Dockerfile": f"FROM {small_base_image}\n"})
    result = build(images)
    assert result.status == 0, result.log
    assert len(result.said("warning")) == 1
