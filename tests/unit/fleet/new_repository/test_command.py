"""What `scripts/new-image-repo` asks for, refuses, tells and ends with."""

import argparse
import io
import json

import pytest

from hub_image_actions.entry import command
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.new_repository.command import add_options, run
from unit.fleet.new_repository.conftest import NAME, World

GIVEN = ("data100", "--deployments", "hubs/deployments")


def read(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def called(world: World, *arguments: str) -> tuple[int, str]:
    """Runs the command; returns its status, and what is printed."""
    options = read(*GIVEN, "--template", str(world.template), *arguments)
    out = io.StringIO()
    with command.open_http() as http:
        status = run(options, world.environ, http, Console(out, io.StringIO(), as_json=options.json))
    return status, out.getvalue()


def test_the_hub_is_enough() -> None:
    options = read("data100")
    assert (options.hub, options.image, options.base, options.owner) == ("data100", None, None, "")
    assert (options.template / "environment.yml").is_file()
    assert options.history is None
    assert options.deployments == "berkeley-dsep-infra/datahub"
    assert [options.private, options.apply, options.json] == [False, False, False]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "HUB"),
        (("data 100",), "'data 100' is not a hub's name."),
        (("data100", "--image", "p/x:1"), "argument --image: "),
        (("data100", "--base", "a b"), "argument --base: "),
        (("data100", "--history", "o/r"), "'o/r' is not a folder of a repository. Write it as `owner/name:"),
        (("data100", "--deployments", "o/r/x"), "'o/r/x' is not a repository."),
        (("data100", "data8"), "unrecognized arguments: data8"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(*arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_without_apply_the_steps_are_told_and_nothing_is_written(world: World) -> None:
    status, out = called(world)
    lines = out.splitlines()
    assert (status, lines[0]) == (0, f"{NAME}, image p/user-images/data100-user-image")
    assert lines[2] == f"  to do  public repository {NAME}"
    assert "Left for you then:" in lines
    assert lines[-1] == "Nothing was written. Run again with --apply."
    assert world.writes() == []


def test_what_is_left_is_numbered_with_its_place(world: World) -> None:
    _, out = called(world, "--apply")
    assert "--apply" not in out
    left = out.partition("Left for you:\n")[2].splitlines()
    assert [line[:5] for line in left if line[:4].strip()] == [f"  {n}. " for n in range(1, 8)]
    assert left[0].startswith("  1. Store secret GAR_SECRET_KEY, as hubs has none to see: gh secret set ")
    assert left[1] == f"     {world.server.server_url}/{NAME}/settings/secrets/actions"


def test_programs_get_every_step(world: World) -> None:
    status, out = called(world, "--json", "--private", "--owner", "hubs", "--image", "quay.io/p/course")
    told = json.loads(out)
    assert (status, told["repository"], told["image"]) == (0, "hubs/course", "quay.io/p/course")
    assert told["applied"] is False
    assert told["steps"][0]["text"] == "private repository hubs/course"


def test_lines_that_a_person_has_to_write_are_shown_below_their_step(world: World) -> None:
    _, out = called(world, "--base", "quay.io/course/base:2")
    assert "\n         FROM quay.io/course/base:2\n" in out


def test_an_archived_repository_is_refused(world: World) -> None:
    world.make(archived=True)
    with pytest.raises(ActionError, match=f"{NAME} is archived"):
        called(world)
