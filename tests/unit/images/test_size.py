"""The size of an image by layer, and the label that keeps it."""

import pytest

from hub_image_actions.docker.engine import Layer
from hub_image_actions.images.size import LABEL, ImageSize, LayerSize, unpacked, unpacked_as_labelled

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
