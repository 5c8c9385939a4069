"""The files of a new repository, and the rules of its default branch."""

from hub_image_actions.fleet.new_repository.content import RULESET, RepositoryContent
from hub_image_actions.fleet.new_repository.step import Step
from hub_image_actions.references import parse_reference
from unit.fleet.new_repository.conftest import LINT, NAME, Sited, World

LINTS = ".github/workflows/yaml-lint.yaml"
BASE = parse_reference("quay.io/course/base:2")


def content(site: Sited, **given: object) -> RepositoryContent:
    return RepositoryContent(site(**given))


def filled(subject: RepositoryContent) -> list[Step]:
    files = subject.files()
    assert files is not None
    return list(subject.fill_in(files))


def guarded(subject: RepositoryContent) -> list[Step]:
    files = subject.files()
    assert files is not None
    return list(subject.guard(files))


def test_where_there_is_no_repository_yet_there_are_no_files(site: Sited) -> None:
    assert content(site, apply=False).files() is None


def test_an_empty_repository_has_no_files(world: World, site: Sited) -> None:
    world.server.create_repository(NAME)
    assert content(site).files() is None


def test_names_are_filled_in_by_a_commit_and_programs_stay_programs(world: World, site: Sited) -> None:
    made = world.make()
    made.commit({"start": ("100755", b"#!/bin/sh\n# <THIS-REPOSITORY> of <ORGANISATION>\n")}, "Add it")
    (step,) = filled(content(site))
    assert (step.status, step.text) == ("done", "the hub's name in README.md and start")
    assert made.read("main", "README.md") == b"# data100\n"
    assert made.read("main", "start") == b"#!/bin/sh\n# data100-user-image of hubs\n"
    assert {entry.path: entry.mode for entry in made.tree("main")}["start"] == "100755"
    assert [step.status for step in filled(content(site))] == ["there"]


def test_where_the_branch_takes_pull_requests_only_names_come_by_one(world: World, site: Sited) -> None:
    made = world.make()
    guarded(content(site))
    (first,) = filled(content(site))
    assert (first.status, first.text) == ("done", "pull request that fills in the hub's name in README.md")
    assert [pull.title for pull in made.pulls] == ["Fill in the hub's name"]
    assert [step.status for step in filled(content(site))] == ["there"]
    assert made.read("main", "README.md") == b"# <HUBNAME>\n"


def test_a_base_image_is_written_with_the_names_in_one_commit(world: World, site: Sited) -> None:
    made = world.make()
    made.commit({"Dockerfile": "# <HUBNAME>\nFROM ubuntu:24.04\n"}, "Add it")
    (step,) = filled(content(site, base=BASE))
    assert step.text == "the hub's name in Dockerfile and README.md, quay.io/course/base:2 in Dockerfile"
    assert made.read("main", "Dockerfile") == b"# data100\nFROM quay.io/course/base:2\n"


def test_a_base_image_that_cannot_be_written_is_a_persons_with_its_line(world: World, site: Sited) -> None:
    world.make()
    base, names = filled(content(site, base=BASE))
    assert (base.status, base.lines) == ("yours", "FROM quay.io/course/base:2\n")
    assert "there is no Dockerfile" in base.text
    assert names.status == "done"


def test_the_branch_takes_pull_requests_with_the_checks_that_always_report(world: World, site: Sited) -> None:
    made = world.make()
    made.commit({LINTS: LINT}, "Lint")
    (step,) = guarded(content(site))
    assert (step.status, step.text) == ("done", "main takes pull requests only, with the check 'Lint'")
    assert [ruleset["name"] for ruleset in made.rulesets] == [RULESET]
    assert [step.status for step in guarded(content(site))] == ["there"]


def test_a_check_that_some_pull_requests_never_get_is_not_required_unasked(world: World, site: Sited) -> None:
    made = world.make()
    sometimes = LINT.replace(b"on: [pull_request]", b"on: {pull_request: {paths-ignore: [docs/**]}}")
    made.commit({LINTS: sometimes}, "Lint")
    guard, check = guarded(content(site))
    assert guard.text == "main takes pull requests only"
    assert (check.status, check.text.partition(":")[0]) == ("yours", "require 'Lint', if you want")


def test_a_ruleset_that_somebody_changed_is_a_persons(world: World, site: Sited) -> None:
    made = world.make()
    guarded(content(site))
    made.commit({LINTS: LINT}, "Lint")
    (step,) = guarded(content(site))
    assert step.status == "yours"
    assert f"somebody changed the ruleset '{RULESET}'" in step.text


def test_rules_that_the_token_may_not_make_are_a_persons(world: World, site: Sited) -> None:
    made = world.make()
    (step,) = guarded(content(site, without=("administration",)))
    assert step.status == "yours"
    assert "`Administration: write`" in step.text
    assert made.rulesets == []
