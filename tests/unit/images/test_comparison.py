"""The difference between two images, as Markdown and for a terminal."""

import pytest

from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.size import ImageSize, LayerSize
from hub_image_actions.packages.package_list import Package, PackageList

GIB, MIB = 1 << 30, 1 << 20
FROM = "/bin/sh -c #(nop) FROM base"
RUN = "RUN /bin/sh -c conda env update # buildkit"
OLD = ImageContents(
    PackageList(
        (Package("apt", "vim", "9.0"), Package("pip", "gone", "1"), Package("pip", "numpy", "1.26.4", "/e"))
    ),
    unpacked=ImageSize((LayerSize(2 * GIB, FROM), LayerSize(GIB, RUN), LayerSize(300 * MIB, "RUN old"))),
    compressed=ImageSize((LayerSize(GIB, FROM),)),
)
NEW = ImageContents(
    PackageList(
        (Package("apt", "vim", "9.1"), Package("pip", "come", "1"), Package("pip", "numpy", "2.0.0", "/e"))
    ),
    unpacked=ImageSize((LayerSize(2 * GIB, FROM), LayerSize(2 * GIB, RUN), LayerSize(10, "COPY . ."))),
)


def many(count: int, version: str = "1", name: str = "package") -> ImageContents:
    return ImageContents(PackageList(tuple(Package("pip", f"{name}-{n:05}", version) for n in range(count))))


def test_the_gist_comes_first_and_what_is_long_is_folded() -> None:
    text = ImageComparison(OLD, NEW, "130d6247d491").markdown()
    gist, size, major, *folded = text.strip().split("\n\n")
    assert gist == (
        "**Packages**, compared with `130d6247d491`: 1 removed, 2 upgraded, 1 added; 1 by a major version\\."
    )
    assert size == "**Size** (unpacked): 3\\.3 GiB → 4\\.0 GiB \\(\\+724 MiB, \\+21\\.5%\\)"
    assert major.splitlines()[2:] == ["| `numpy` | `1.26.4` | `2.0.0` | pip |"]
    assert [line for line in folded if line.startswith("<details>")] == [
        "<details><summary>Removed: 1</summary>",
        "<details><summary>Upgraded: 2</summary>",
        "<details><summary>Added: 1</summary>",
        "<details><summary>Size by layer</summary>",
    ]


def test_the_layers_that_grew_or_shrank_are_told_by_their_instructions() -> None:
    text = ImageComparison(OLD, NEW, "old").markdown()
    assert text.count("| `") >= 1
    assert "| 1.0 GiB | 2.0 GiB | +1.0 GiB | `RUN conda env update` |" in text
    assert "| 300 MiB | - | -300 MiB | `RUN old` |" in text
    assert "FROM base" not in text
    assert "COPY" not in text


def layer_rows(old: list[LayerSize], new: list[LayerSize]) -> list[tuple[int, int, str]]:
    before, now = (ImageContents(unpacked=ImageSize(tuple(layers))) for layers in (old, new))
    rows = ImageComparison(before, now, "old").layers()
    return [(row.old // MIB, row.new // MIB, row.instruction) for row in rows]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # The engine and the registry tell an imported layer in other words, or in none.
        (LayerSize(196 * MIB, "", "sha256:a"), LayerSize(196 * MIB, "Imported from -", "sha256:a")),
        (LayerSize(196 * MIB, "Imported from -"), LayerSize(196 * MIB, "")),
        (LayerSize(196 * MIB, "Imported from -"), LayerSize(196 * MIB, "Imported from -")),
        (
            LayerSize(196 * MIB, f"/bin/sh -c #(nop) ADD file:{'a' * 64} in /"),
            LayerSize(196 * MIB, f"/bin/sh -c #(nop) ADD file:{'b' * 64} in /"),
        ),
    ],
)
def test_a_base_that_stayed_is_not_told_as_two(old: LayerSize, new: LayerSize) -> None:
    assert layer_rows([old, LayerSize(GIB, RUN)], [new, LayerSize(2 * GIB, RUN)]) == [
        (1024, 2048, "RUN conda env update")
    ]


def test_a_base_that_became_another_is_told_beside_it() -> None:
    old = [LayerSize(0, "LABEL a=b"), LayerSize(196 * MIB, "Imported from -")]
    new = [LayerSize(296 * MIB, "ADD rootfs.tar /"), LayerSize(0, "LABEL a=b")]
    assert layer_rows(old, new) == [(196, 296, "ADD rootfs.tar /")]


def test_a_layer_that_both_images_have_is_the_same_whatever_made_it() -> None:
    old = [LayerSize(GIB, "RUN a", "sha256:a"), LayerSize(3 * MIB, "RUN b", "sha256:b")]
    new = [LayerSize(GIB + 2 * MIB, "RUN c", "sha256:a"), LayerSize(9 * MIB, "RUN b", "sha256:c")]
    assert layer_rows(old, new) == [(3, 9, "RUN b")]


def test_a_layer_that_nothing_names_is_told_as_such() -> None:
    old, new = (ImageContents(unpacked=ImageSize((LayerSize(size, ""),))) for size in (GIB, 2 * GIB))
    assert "| 1.0 GiB | 2.0 GiB | +1.0 GiB | not known |" in ImageComparison(old, new, "old").markdown()


def test_sizes_in_the_registry_are_compared_where_the_others_are_not_known() -> None:
    old, new = (ImageContents(compressed=ImageSize((LayerSize(size, RUN),))) for size in (GIB, 2 * GIB))
    assert "**Size** (compressed): 1\\.0 GiB → 2\\.0 GiB" in ImageComparison(old, new, "old").markdown()


def test_a_size_after_unpacking_is_not_compared_with_one_in_the_registry() -> None:
    assert "**Size**" not in ImageComparison(ImageContents(compressed=OLD.compressed), NEW, "old").markdown()


def test_no_difference_is_told() -> None:
    same = ImageContents(OLD.packages)
    assert (
        ImageComparison(same, same, "old").markdown()
        == "**Packages**, compared with `old`: none changed\\.\n"
    )


def test_an_image_without_a_list_is_told_with_the_reason() -> None:
    text = ImageComparison(ImageContents(problem="it was built without"), NEW, "old").markdown()
    assert "Their difference is not known \\(old\\: it was built without\\)\\." in text


def test_managers_that_were_not_read_are_told() -> None:
    unread = ImageContents(PackageList(unread=("r", "npm")))
    text = ImageComparison(unread, unread, "old").markdown()
    assert "⚠️ The packages of R, npm could not be read in one of the images" in text


def test_the_place_is_told_only_where_a_manager_has_several() -> None:
    def contents(version: str, *places: str) -> ImageContents:
        return ImageContents(PackageList(tuple(Package("conda", "x", version, place) for place in places)))

    one = ImageComparison(contents("1", "/a"), contents("1.1", "/a"), "old").markdown()
    two = ImageComparison(contents("1", "/a", "/b"), contents("1.1", "/a", "/b"), "old").markdown()
    assert ("`/a`" in one, "`/a`" in two, "`/b`" in two) == (False, True, True)


@pytest.mark.parametrize("count", [0, 1, 100, 1000, 10_000])
def test_the_section_is_never_too_long_for_its_comment(count: int) -> None:
    text = ImageComparison(many(count), many(count, "2"), "old").markdown()
    assert len(text) <= 20_000
    assert f"{count} upgraded; {count} by a major version" in text or not count


def test_what_is_left_out_is_counted() -> None:
    text = ImageComparison(many(0), many(1000), "old").markdown()
    rows = text.count("| `package-")
    assert rows > 100
    assert f"… and {1000 - rows} more." in text


def test_long_and_hostile_names_stay_texts() -> None:
    name = "</details><img/src=x>@everyone|`" + "x" * 150
    hostile = ImageContents(PackageList((Package("npm", name, "1|2", "/`a`"),)))
    text = ImageComparison(ImageContents(PackageList()), hostile, "`<b>@x").markdown()
    cell = next(line for line in text.splitlines() if "everyone" in line)
    assert cell.startswith("| `` </details><img/src=x>@everyone\\|`x")
    assert "1\\|2" in cell
    assert "x" * 100 not in cell


def test_a_terminal_gets_everything() -> None:
    assert ImageComparison(OLD, NEW, "a:1", "a:2").text().splitlines() == [
        "a:1 → a:2",
        "1 removed, 2 upgraded, 1 added; 1 by a major version",
        "",
        "Removed: 1",
        "  gone  1  pip",
        "",
        "Upgraded: 2",
        "  numpy  1.26.4 → 2.0.0  pip  /e",
        "  vim    9.0 → 9.1       apt",
        "",
        "Added: 1",
        "  come  1  pip",
        "",
        "Size, unpacked: 3.3 GiB → 4.0 GiB (+724 MiB, +21.5%)",
        "  1.0 GiB → 2.0 GiB (+1.0 GiB, +100.0%)  RUN conda env update",
        "  300 MiB → 0 MiB (-300 MiB, -100.0%)  RUN old",
    ]
