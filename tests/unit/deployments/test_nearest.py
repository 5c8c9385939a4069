"""The names that may have been meant by one that is not there."""

from pathlib import Path

import pytest

from hub_image_actions.deployments.nearest import nearest_images, not_deployed
from hub_image_actions.references import parse_image_name

TEXT = """
a: quay.io/demo/stats-image:1
b: docker://quay.io/demo/maths-image:2
image: {registry: ghcr.io, repository: demo/physics-image, tag: 1}
c: https://example.org/some/page.html
"""


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("quay.io/demo/stat-image", "quay.io/demo/stats-image"),
        ("ghcr.io/demo/stats-image", "quay.io/demo/stats-image"),
        ("quay.io/other/maths-image", "quay.io/demo/maths-image"),
        ("ghcr.io/demo/physics-image", "demo/physics-image"),
    ],
)
def test_the_likeliest_name_comes_first(tmp_path: Path, typed: str, first: str) -> None:
    (tmp_path / "values.yaml").write_text(TEXT)
    assert nearest_images(tmp_path, ["."], parse_image_name(typed))[0] == first


def test_what_is_not_alike_is_not_named(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(TEXT)
    assert nearest_images(tmp_path, ["."], parse_image_name("xyz/qqq")) == ()


def test_binary_and_large_files_and_links_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\x00quay.io/demo/a:1")
    (tmp_path / "large").write_text("quay.io/demo/b:1 " * 100_000)
    (tmp_path / "link").symlink_to("nowhere")
    assert nearest_images(tmp_path, ["."], parse_image_name("quay.io/demo/b")) == ("quay.io/demo/a",)


def test_the_error_names_them() -> None:
    error = not_deployed(parse_image_name("a/b"), ("a/c", "a/d"))
    assert str(error) == "No file of the deployments names a/b. Did you mean one of these? a/c, a/d."
