"""The reasons of a migration's changes."""

from dataclasses import fields

import pytest

from hub_image_actions.fleet.migration.configuration import PipelineConfiguration
from hub_image_actions.fleet.upgrade.reasons import reason_for

ANY_INPUT = "The build's input is carried over."


@pytest.mark.parametrize("setting", ["build.appendix-file", "test.user-name", "publish.repo2docker-args"])
def test_an_input_of_which_nothing_else_is_to_be_said_is_carried_over(setting: str) -> None:
    assert reason_for(setting) == ANY_INPUT


# Their inputs, steps and variables have reasons one by one; the others are told nobody.
PARTS = {"build", "publish", "test", "steps", "jobs", "environment", "origins", "variant"}
SETTINGS = sorted({each.name for each in fields(PipelineConfiguration)} - PARTS)


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_is_no_input_of_the_build_is_not_called_one(setting: str) -> None:
    assert reason_for(setting) != ANY_INPUT


@pytest.mark.parametrize("setting", ["pin", "template", "lint", "dependabot", "zizmor", "yamllint"])
def test_a_file_or_a_pin_has_a_reason_of_its_own(setting: str) -> None:
    assert reason_for(setting) != ANY_INPUT


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ("publish.tag", "length"),
        ("publish.extra-tags", "other tags"),
        ("build.builder", "Dockerfile"),
        ("unsafe", "without secrets"),
        ("app", "`client-id`"),
    ],
)
def test_a_reason_says_what_is_special_about_the_setting(setting: str, part: str) -> None:
    assert part in reason_for(setting)
