"""The template's workflows, edited to do what a repository's old ones did."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hub_image_actions.fleet.migration.adaptation import (
    adapt_binder,
    adapt_bump,
    adapt_lint,
    adapt_push,
    adapt_rollback,
    adapt_test,
    leave_out_badge,
)
from hub_image_actions.fleet.migration.configuration import Extra, Origin, PipelineConfiguration
from hub_image_actions.fleet.migration.draft import Draft

FOLDER = Path(__file__).parents[4] / "template/.github/workflows"
PUSH, TEST, ROLLBACK = "build-push-open-pr.yaml", "test.yaml", "rollback.yaml"
PLAIN = PipelineConfiguration(branches=("**",))
ORIGIN = Origin("old.yaml", 9, "- run: make")


def draft(name: str) -> Draft:
    return Draft(f".github/workflows/{name}", (FOLDER / name).read_text(encoding="utf-8"))


def loaded(made: Draft) -> Any:
    return YAML(typ="safe", pure=True).load(made.text)


def step(made: Draft, action: str) -> Any:
    """Returns the last step that uses an action."""
    steps = [step for job in loaded(made)["jobs"].values() for step in job["steps"]]
    return [each for each in steps if f"{action}@" in each.get("uses", "")][-1]


def pushed(configuration: PipelineConfiguration) -> Draft:
    made = draft(PUSH)
    adapt_push(made, configuration)
    return made


def test_only_the_branches_and_tags_that_were_built_are() -> None:
    branches = loaded(pushed(replace(PLAIN, branches=("main", "next"))))["on"]["push"]
    tags = loaded(pushed(replace(PLAIN, branches=(), tags=("v*",))))["on"]["push"]
    assert (branches["branches"], "tags" in branches) == (["main", "next"], False)
    assert tags == {"tags": ["v*"]}


IGNORED, ONLY = ("a/**", "b.md"), ("a/**",)


@pytest.mark.parametrize(
    ("configured", "name", "paths"),
    [
        (replace(PLAIN, ignored=IGNORED, pull_ignored=IGNORED), "paths-ignore", list(IGNORED)),
        (replace(PLAIN, only=ONLY, pull_only=ONLY), "paths", list(ONLY)),
    ],
)
def test_what_was_built_is_built_and_the_comment_that_all_is_goes(
    configured: PipelineConfiguration, name: str, paths: list[str]
) -> None:
    made = pushed(replace(configured, tags=("v*",)))
    push = loaded(made)["on"]["push"]
    assert {key: push[key] for key in push if key.startswith("paths")} == {name: paths}
    assert "No filter of paths" not in made.text
    assert "Only the text of a tag counts" in made.text
    tested = draft(TEST)
    adapt_test(tested, configured)
    assert loaded(tested)["on"]["pull_request"] == {name: paths}
    assert "No filter of paths" not in tested.text


def test_where_all_was_built_all_is() -> None:
    made = pushed(PLAIN)
    assert [key for key in loaded(made)["on"]["push"] if key.startswith("paths")] == []
    assert "No filter of paths" in made.text


def test_a_test_for_pull_requests_of_some_branches_stays_one() -> None:
    tested = draft(TEST)
    adapt_test(tested, replace(PLAIN, pull_branches=("main",), pull_ignored=("a/**",)))
    assert loaded(tested)["on"]["pull_request"] == {"paths-ignore": ["a/**"], "branches": ["main"]}


def test_where_no_hub_was_moved_only_the_build_is_left() -> None:
    own = Extra("Mine", "- run: make\n", ORIGIN, "bump")
    made = pushed(replace(PLAIN, bump="never", steps=(own,)))
    (job,) = loaded(made)["jobs"].values()
    assert "needs" not in job
    assert "bump-datahub-tag" not in str(job)
    assert [(left.what, left.file, left.line) for left in made.left_out] == [
        ("the step 'Mine'", "old.yaml", 9)
    ]


def test_a_condition_of_the_pipeline_guards_the_first_job() -> None:
    first, *_ = loaded(pushed(replace(PLAIN, condition="github.actor != 'bot'")))["jobs"].values()
    assert first["if"] == "github.actor != 'bot'"


@pytest.mark.parametrize(("username", "kept"), [("me", "me"), ("", "${{ github.actor }}")])
def test_a_login_with_the_jobs_token_keeps_its_user(username: str, kept: str) -> None:
    login = replace(PLAIN, registry_username=username, registry_password="${{ secrets.GITHUB_TOKEN }}")
    inputs = step(pushed(login), "hub-image-actions/build")["with"]
    assert (inputs["registry-username"], inputs["registry-password"]) == (kept, "${{ github.token }}")


def test_inputs_of_the_build_and_of_the_push_are_carried_over() -> None:
    made = pushed(replace(PLAIN, image="a/b", build={"user-name": "me"}, publish={"latest": "true"}))
    inputs = step(made, "hub-image-actions/build")["with"]
    assert (inputs["image"], inputs["user-name"], inputs["latest"]) == ("a/b", "me", True)
    assert {edit.setting for edit in made.edits} >= {"image", "build.user-name", "publish.latest"}


def test_a_test_has_the_inputs_of_the_build_under_its_own() -> None:
    made = draft(TEST)
    adapt_test(made, replace(PLAIN, build={"user-name": "me", "a": "b"}, test={"user-name": "you"}))
    inputs = step(made, "hub-image-actions/build-test")["with"]
    assert (inputs["user-name"], inputs["a"]) == ("you", "b")


def test_a_test_by_docker_has_no_inputs_of_repo2docker() -> None:
    made = draft(TEST)
    adapt_test(made, replace(PLAIN, build={"repo2docker-version": "1"}, test={"builder": "docker"}))
    inputs = step(made, "hub-image-actions/build-test")["with"]
    assert (inputs["builder"], "repo2docker-version" in inputs) == ("docker", False)


def test_own_steps_stand_around_the_build_in_their_order() -> None:
    steps = tuple(
        Extra(name, f"- run: {name}\n", ORIGIN, "build", after)
        for name, after in (("one", False), ("two", False), ("three", True), ("four", True))
    )
    made = pushed(replace(PLAIN, steps=steps, environment={"build": {"A": "b"}}))
    (job,) = [
        job for job in loaded(made)["jobs"].values() if any(each.get("run") == "one" for each in job["steps"])
    ]
    index = [each.get("run") for each in job["steps"]].index("one")
    around = [each.get("run", "build") for each in job["steps"][index : index + 5]]
    assert around == ["one", "two", "build", "three", "four"]
    assert job["env"]["A"] == "b"


def test_a_job_whose_name_is_taken_is_told_and_not_added() -> None:
    taken = draft(PUSH).job_using("build")
    source = "{}:\n  runs-on: x\n  steps:\n    - run: make\n"
    jobs = tuple(Extra(name, source.format(name), ORIGIN, "push") for name in (taken, "mine"))
    made = pushed(replace(PLAIN, jobs=jobs))
    assert loaded(made)["jobs"]["mine"]["runs-on"] == "x"
    assert [left.what for left in made.left_out] == [f"the job `{taken}`"]


def test_tokens_take_the_place_of_the_app_where_there_was_none() -> None:
    made = draft(ROLLBACK)
    adapt_rollback(made, replace(PLAIN, tokens=("${{ secrets.A }}", "${{ secrets.B }}")))
    assert step(made, "hub-image-actions/bump-datahub-tag")["with"]["token"] == (
        "${{ secrets.A || secrets.B }}"
    )
    assert "create-github-app-token" not in made.text


@pytest.mark.parametrize(("branch", "differs"), [("main", True), ("staging", False)])
def test_deployments_and_a_branch_that_are_not_the_templates_are_named(branch: str, *, differs: bool) -> None:
    made = draft(ROLLBACK)
    job, bump = made.job_using("bump-datahub-tag"), "hub-image-actions/bump-datahub-tag"
    there = step(made, bump)["with"].get("base-branch")
    adapt_bump(made, replace(PLAIN, deployments="o/hubs", base_branch=branch), job)
    env = loaded(made)["jobs"][job]["env"]
    assert (env["OWNER"], env["REPOSITORY"]) == ("o", "hubs")
    assert step(made, bump)["with"].get("base-branch") == (branch if differs else there)


def test_the_command_that_checks_yaml_and_what_the_badge_opens_are_carried_over() -> None:
    lint, binder = draft("yaml-lint.yaml"), draft("binder.yaml")
    adapt_lint(lint, replace(PLAIN, lint="yamllint -s ."))
    adapt_binder(binder, replace(PLAIN, urlpath="lab/tree"))
    assert "run: yamllint -s ." in lint.text
    badge, tidy = loaded(binder)["jobs"].values()
    assert badge["steps"][0]["with"]["urlpath"] == "lab/tree"
    assert "with" not in tidy["steps"][0]


def test_the_badge_of_the_tested_image_opens_what_the_other_opens() -> None:
    test = draft(TEST)
    adapt_binder(test, replace(PLAIN, urlpath="rstudio"))
    assert step(test, "hub-image-actions/binder-badge")["with"]["urlpath"] == "rstudio"


def test_without_a_badge_the_test_of_a_pull_request_may_not_write_to_the_repository() -> None:
    test = draft(TEST)
    leave_out_badge(test)
    (job,) = loaded(test)["jobs"].values()
    assert job["permissions"]["contents"] == "read"
    assert "outputs" not in job
    assert step(test, "hub-image-actions/build-test")["id"] == "test"
