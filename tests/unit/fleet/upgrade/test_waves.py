"""Waves: how they are written, who is in which, and what they have come to."""

from pathlib import Path

import pytest

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.upgrade.waves import (
    State,
    Wave,
    assign,
    build_state,
    judge,
    parse_waves,
    read_waves,
    record_of,
    state_of_builds,
)

NAMES = ("o/a", "o/b", "o/c", "o/d")


@pytest.mark.parametrize(
    ("text", "waves"),
    [
        ("canary=2,rest", (Wave("canary", 2), Wave("rest"))),
        (" canary = 1 , early=10 ,the rest ", (Wave("canary", 1), Wave("early", 10), Wave("the rest"))),
        ("all", (Wave("all"),)),
    ],
)
def test_waves_are_written_as_names_and_numbers(text: str, waves: tuple[Wave, ...]) -> None:
    assert parse_waves(text) == waves


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("canary=,rest", "has no number"),
        ("canary=0,rest", "has no number"),
        ("canary=-1,rest", "has no number"),
        ("canary=²,rest", "has no number"),
        ("canary=1,", "'' is no name for a wave"),
        ("a|b=1,rest", "'a|b' is no name for a wave"),
        ("rest,canary=2", "Only the last wave can take all others."),
        ("a=1,A=2,rest", "Two waves have the same name."),
    ],
)
def test_waves_that_are_written_in_another_way_are_refused(text: str, error: str) -> None:
    with pytest.raises(ActionError) as raised:
        parse_waves(text)
    assert error in str(raised.value)


def test_a_file_names_repositories_numbers_and_the_others(tmp_path: Path) -> None:
    file = tmp_path / "waves.yaml"
    file.write_text("canary: [o/a, o/b]  # they know\nearly: 3\nrest:\n")
    assert read_waves(file) == (Wave("canary", None, ("o/a", "o/b")), Wave("early", 3), Wave("rest"))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("- o/a\n", "holds no waves"),
        ("canary: true\n", "is no list of repositories"),
        ("canary: [1]\n", "is no list of repositories"),
        ("canary: []\nrest:\n", "is no list of repositories"),
        ("canary: [a]\n", "'a'"),
        ("canary: [o/a]\nrest: [O/A]\n", "o/a is in two waves."),
        ("canary: [", "cannot be read"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, error: str) -> None:
    file = tmp_path / "waves.yaml"
    file.write_text(text)
    with pytest.raises(ActionError) as raised:
        read_waves(file)
    assert error in str(raised.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ActionError, match="cannot be read"):
        read_waves(tmp_path / "none.yaml")


# Who is in which --------------------------------------------------------------------------------------------


def test_counted_waves_take_the_first_and_the_last_wave_the_others() -> None:
    found = assign(parse_waves("canary=1,early=2,rest"), NAMES, {})
    assert found == {"canary": ("o/a",), "early": ("o/b", "o/c"), "rest": ("o/d",)}


def test_who_was_in_a_counted_wave_stays_in_it() -> None:
    waves = parse_waves("canary=2,rest")
    kept = record_of(waves, assign(waves, NAMES, {}))
    assert kept == {"canary": ["o/a", "o/b"]}
    assert assign(waves, ("o/0", *reversed(NAMES)), kept)["canary"] == ("o/a", "o/b")


def test_nobody_takes_the_place_of_a_canary_that_is_gone() -> None:
    found = assign(parse_waves("canary=2,rest"), NAMES[1:], {"canary": ["o/a", "o/b"]})
    assert found == {"canary": ("o/b",), "rest": ("o/c", "o/d")}


def test_a_wave_that_is_to_have_more_gets_more() -> None:
    assert assign(parse_waves("canary=3,rest"), NAMES, {"canary": ["o/d"]})["canary"] == ("o/d", "o/a", "o/b")


def test_a_recorded_member_is_not_taken_by_an_earlier_wave() -> None:
    found = assign(parse_waves("new=1,canary=1,rest"), NAMES, {"canary": ["o/a"]})
    assert found == {"new": ("o/b",), "canary": ("o/a",), "rest": ("o/c", "o/d")}


def test_named_members_are_found_however_their_letters_are_written() -> None:
    found = assign((Wave("canary", None, ("O/C",)), Wave("rest")), NAMES, {})
    assert found == {"canary": ("o/c",), "rest": ("o/a", "o/b", "o/d")}


@pytest.mark.parametrize(
    ("waves", "error"),
    [
        (parse_waves("canary=1"), "In no wave: o/b, o/c, o/d."),
        ((Wave("canary", None, ("o/x",)), Wave("rest")), "o/x is in the wave 'canary' and was not chosen."),
    ],
)
def test_waves_that_do_not_fit_the_repositories_are_refused(waves: tuple[Wave, ...], error: str) -> None:
    with pytest.raises(ActionError) as raised:
        assign(waves, NAMES, {})
    assert error in str(raised.value)


# What they have come to -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conclusions", "state"),
    [
        ((), "unbuilt"),
        (("cancelled", "skipped"), "unbuilt"),
        ((None,), "building"),
        ((None, "failure"), "building"),
        (("failure",), "red"),
        (("timed_out", "cancelled"), "red"),
        (("startup_failure",), "red"),
        (("failure", "success"), "green"),
        ((None, "success"), "green"),
    ],
)
def test_one_green_build_since_the_merge_is_enough(conclusions: tuple[str | None, ...], state: State) -> None:
    assert build_state(conclusions) == state


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ((), "unbuilt"),
        (("green", "unbuilt"), "green"),
        (("green", "building"), "building"),
        (("green", "building", "red"), "red"),
    ],
)
def test_of_several_workflows_that_build_the_worst_counts(states: tuple[State, ...], state: State) -> None:
    assert state_of_builds(states) == state


@pytest.mark.parametrize(
    ("states", "wave", "reason"),
    [
        ((), "done", "no repository"),
        (("green", "current"), "done", "1 merged and built, 1 with nothing to do"),
        (("green", "declined"), "done", "1 merged and built, 1 declined"),
        (("green", "open", "building"), "open", "1 with a pull request to be merged, 1 whose build runs"),
        (("unbuilt",), "open", "1 merged and not built since"),
        (("green", "failed"), "open", "1 that could not be examined"),
        (("waiting", "declined"), "open", "1 without a pull request"),
        (("green", "red", "open"), "stopped", "the build on the default branch is red: o/b"),
        (("green", "undone"), "stopped", "the upgrade was undone: o/b"),
        (("declined", "declined"), "stopped", "every pull request was declined: o/a, o/b"),
    ],
)
def test_a_wave_is_judged_by_all_of_its_repositories(
    states: tuple[State, ...], wave: str, reason: str
) -> None:
    verdict = judge(dict(zip(NAMES, states, strict=False)))
    assert (verdict.state, verdict.reason) == (wave, reason)


def test_of_many_red_ones_a_few_are_named() -> None:
    states: dict[str, State] = {f"o/{number}": "red" for number in range(7)}
    assert judge(states).reason.endswith("o/0, o/1, o/2, o/3, o/4 and 2 more")
