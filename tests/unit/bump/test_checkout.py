"""What `scripts/bump-tag` does in a checkout, and what it prints."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub_image_actions.bump.checkout import bump_checkout
from hub_image_actions.entry.command_line import WrongUsage
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError, MalformedHold

IMAGE = "quay.io/berkeley/data100"
DIGEST = "sha256:" + "a" * 64
HUB = "deployments/data100/hub.yaml"
OTHER = "deployments/stat20/hub.yaml"
FILES = {
    HUB: f"image:\n  name: {IMAGE}\n  tag: old\n",
    OTHER: f"a: {IMAGE}:old\nb: {IMAGE}:older # image-hold until 9999-12-31: not yet\n",
    "deployments/none/hub.yaml": "a: quay.io/berkeley/data101:old\n",
}
Call = Callable[..., None]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Returns a function that runs the command in a checkout of deployments."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)

    def run_with(**given: Any) -> None:
        options: dict[str, Any] = {
            "image": IMAGE,
            "tag": "new",
            "digest": "",
            "from_tag": "",
            "paths": ["deployments"],
            "exclude": [],
            "fail_if_none": False,
            "dry_run": False,
            "json": False,
            **given,
        }
        bump_checkout(
            argparse.Namespace(**options),
            [name for name in FILES if name.startswith(tuple(options["paths"]))],
            Console(sys.stdout, sys.stderr, as_json=options["json"]),
        )

    return run_with


def text_of(name: str) -> str:
    return Path(name).read_text()


def test_references_are_moved_and_told_in_a_table(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call()
    assert text_of(HUB) == FILES[HUB].replace("old", "new")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["HUB", "WHERE", "SHAPE", "FROM", "TO"]
    assert lines[1].split()[:2] == ["data100", f"{HUB}:3"]
    assert lines[3].split()[4:] == ["left:", "held", "until", "9999-12-31:", "not", "yet"]
    assert lines[-1] == "2 moved in 2 files, 1 left."


def test_a_dry_run_writes_nothing_and_prints_a_difference_alone(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    call(dry_run=True, paths=["deployments/data100"])
    assert text_of(HUB) == FILES[HUB]
    out, err = capsys.readouterr()
    assert out.splitlines()[-2:] == ["-  tag: old", "+  tag: new"]
    assert err == "1 moved in 1 file, 0 left.\n"


def test_a_program_gets_the_report_alone(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call(json=True)
    report = json.loads(capsys.readouterr().out)
    assert (report["changed"], report["files"]) == (True, [HUB, OTHER])
    assert [reference["new"] for reference in report["references"]] == ["new", "new", ""]


@pytest.mark.parametrize(
    ("given", "moved"),
    [
        ({"from_tag": "older"}, False),
        ({"from_tag": "old"}, True),
        ({"exclude": ["deployments/data*"]}, False),
        ({"exclude": ["**/stat20"]}, True),
    ],
)
def test_only_what_the_options_choose_is_moved(call: Call, given: dict[str, object], *, moved: bool) -> None:
    call(**given)
    assert ("new" in text_of(HUB)) is moved


def test_a_digest_goes_where_one_is_pinned(call: Call) -> None:
    Path(HUB).write_text(f"a: {IMAGE}:old@sha256:{'0' * 64}\n")
    call(digest=DIGEST, paths=["deployments/data100"])
    assert text_of(HUB) == f"a: {IMAGE}:new@{DIGEST}\n"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"image": f"{IMAGE}:tag"}, "image"),
        ({"tag": "a b"}, "tag"),
        ({"digest": "sha256:1"}, "digest"),
        ({"from_tag": "-"}, "tag"),
    ],
)
def test_what_can_be_no_image_tag_or_digest_is_refused_before_anything_is_written(
    call: Call, given: dict[str, str], problem: str
) -> None:
    with pytest.raises(WrongUsage, match=problem):
        call(**given)
    assert text_of(HUB) == FILES[HUB]


def test_a_hold_that_is_none_is_an_error_before_anything_is_written(call: Call) -> None:
    Path(OTHER).write_text(f"a: {IMAGE}:old # image-hold until tomorrow\n")
    with pytest.raises(MalformedHold):
        call()
    assert text_of(HUB) == FILES[HUB]


def test_an_image_that_nobody_names_is_told_with_the_nearest(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    call(image="quay.io/berkeley/data10")
    out, err = capsys.readouterr()
    assert out == "No reference to this image was found.\n"
    assert "quay.io/berkeley/data10" in err
    assert "quay.io/berkeley/data101" in err


def test_an_image_that_nobody_names_is_an_error_where_that_is_asked_for(call: Call) -> None:
    with pytest.raises(ActionError, match="names quay"):
        call(image="quay.io/berkeley/data10", fail_if_none=True)
