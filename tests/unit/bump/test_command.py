"""What `scripts/bump-tag` asks for, and which files it looks at."""

import argparse
import gc
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.bump.command import add_options, run
from hub_image_actions.entry.command_line import WrongUsage
from hub_image_actions.entry.console import Console
from hub_image_actions.http import Http

IMAGE = "quay.io/berkeley/data100"
USUAL = ("--image", IMAGE, "--tag", "new")


def read(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_intermixed_args(arguments)


def printed(*arguments: str) -> str:
    """Runs the command in the folder; returns what it prints."""
    out = io.StringIO()
    assert run(read(*arguments), {}, Http(), Console(out, io.StringIO())) == 0
    return out.getvalue()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout of two hubs; what the command switches off for its short life is on again afterwards."""
    for hub in ("a", "b"):
        (tmp_path / hub).mkdir()
        (tmp_path / hub / "hub.yaml").write_text(f"a: {IMAGE}:old\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    gc.enable()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (USUAL, "PATH"),
        (("--image", IMAGE, "a"), "--tag"),
        (("--tag", "new", "a"), "--image"),
        ((*USUAL, "a", "--unknown"), "unrecognized arguments: --unknown"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(*arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_an_image_with_a_tag_is_wrong_usage_too(checkout: Path) -> None:
    with pytest.raises(WrongUsage):
        printed("--image", f"{IMAGE}:old", "--tag", "new", "a")


@pytest.mark.parametrize(
    ("paths", "moved"), [(("a",), ["a"]), (("a", "b"), ["a", "b"]), (("b/hub.yaml",), ["b"])]
)
def test_only_files_below_the_paths_are_looked_at(
    checkout: Path, paths: tuple[str, ...], moved: list[str]
) -> None:
    text = printed(*USUAL, *paths)
    assert text.splitlines()[-1].startswith(f"{len(moved)} moved in ")
    assert [hub for hub in ("a", "b") if "new" in (checkout / hub / "hub.yaml").read_text()] == moved


def test_patterns_that_are_left_out_add_up(checkout: Path) -> None:
    assert "moved" not in printed(*USUAL, ".", "--exclude", "a", "--exclude", "b/**")
