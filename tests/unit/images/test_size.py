"""The size of an image by layer, and the label that keeps it."""

import pytest

from hub_image_actions.docker.engine import Layer
from hub_image_actions.images.size import (
    LABEL,
    ImageSize,
    LayerSize,
    compressed,
    unpacked,
    unpacked_as_labelled,
)

SIZE = ImageSize((LayerSize(10, "ADD file"), LayerSize(0, "ENV A=1"), LayerSize(30, "RUN make")))
HISTORY = [{"created_by": layer.made_by} for layer in SIZE.layers]


@pytest.mark.parametrize(
    ("made_by", "instruction"),
    [
        ("/bin/sh -c #(nop) COPY dir:1 in /srv", "COPY dir:1 in /srv"),
        ("RUN /bin/sh -c make # buildkit", "RUN make"),
        ("/bin/sh -c make", "RUN make"),
        ("|1 A=b /bin/sh -c make", "RUN make"),
        ("RUN |2 A=b C=d /bin/bash -lc make", "RUN make"),
        ("COPY . /srv # buildkit", "COPY . /srv"),
        ("RUN  make\n  all", "RUN make all"),
        ("RUN echo \x1b[31m", "RUN echo [31m"),
        ("", ""),
    ],
)
def test_an_instruction_is_shown_as_in_a_dockerfile(made_by: str, instruction: str) -> None:
    assert LayerSize(1, made_by).instruction == instruction


def test_the_engine_names_the_last_layer_first() -> None:
    layers = [Layer(30, "RUN make"), Layer(0, "ENV A=1"), Layer(10, "ADD file")]
    assert unpacked(layers) == SIZE
    assert SIZE.total == 40


def test_sizes_are_kept_in_a_label() -> None:
    assert SIZE.to_label() == {LABEL: "10,0,30"}
    assert unpacked_as_labelled(SIZE.to_label(), {"history": HISTORY}) == SIZE


def test_a_size_in_blocks_is_kept_as_one() -> None:
    size = unpacked([Layer(30, "RUN make"), Layer(0, "ENV A=1"), Layer(10, "ADD file")], in_blocks=True)
    assert unpacked_as_labelled(size.to_label(), {"history": HISTORY}) == size != SIZE


@pytest.mark.parametrize("number", [0, 201])
def test_more_layers_than_an_image_can_have_are_not_kept(number: int) -> None:
    assert ImageSize((LayerSize(1, ""),) * number).to_label() == {}


def test_each_layer_has_the_digest_of_its_content_as_far_as_it_is_known() -> None:
    history = [
        {"comment": "Imported from -"},
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN x"},
    ]
    config = {"history": history, "rootfs": {"diff_ids": ["sha256:a", "sha256:b"]}}
    size = unpacked_as_labelled({LABEL: "10,0,30"}, config)
    assert size
    assert [(layer.made_by, layer.digest) for layer in size.layers] == [
        ("Imported from -", "sha256:a"),
        ("ENV A=1", ""),
        ("RUN x", "sha256:b"),
    ]
    stored = compressed({"layers": [{"size": 1}, {"size": 3}]}, config)
    assert [layer.digest for layer in stored.layers] == ["sha256:a", "sha256:b"]


@pytest.mark.parametrize("rootfs", [None, [], {}, {"diff_ids": None}, {"diff_ids": ["sha256:a", "sha256:b"]}])
def test_digests_that_fit_no_layers_are_none(rootfs: object) -> None:
    size = unpacked_as_labelled(SIZE.to_label(), {"history": HISTORY, "rootfs": rootfs})
    assert size == SIZE
    assert compressed({"layers": [{"size": 1}]}, {"rootfs": rootfs}) == ImageSize((LayerSize(1, ""),))


def test_what_differs_with_the_content_is_no_part_of_the_purpose() -> None:
    copies = [LayerSize(1, f"/bin/sh -c #(nop) COPY dir:{digit * 64} in /srv") for digit in "ab"]
    bases = [LayerSize(1, f"# debian.sh --arch 'amd64' out/ 'trixie' '@17{digit}0448000'") for digit in "12"]
    assert copies[0].purpose == copies[1].purpose == "COPY … in /srv"
    assert bases[0].purpose == bases[1].purpose
