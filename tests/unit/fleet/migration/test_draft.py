"""A file of the template while it is adapted: how places in it are named, and what is noted of edits."""

import pytest

from hub_image_actions.fleet.migration.draft import Draft, Edited, TemplateUnknown

TEXT = """\
on: push
jobs:
  first:
    runs-on: x
    steps:
      - uses: actions/checkout@v4
      - uses: berkeley-dsep-infra/hub-image-actions/build@v1
        with:
          image: a/b # the image
          latest: true
  second:
    runs-on: x
    steps:
      - uses: berkeley-dsep-infra/hub-image-actions/build@v1
"""
IMAGE = ("jobs", "first", "steps", 1, "with", "image")


@pytest.fixture
def draft() -> Draft:
    """A draft of a workflow."""
    return Draft("push.yaml", TEXT)


@pytest.mark.parametrize(
    ("action", "names"),
    [
        ("build", ("first", "second")),
        ("actions/checkout", ("first",)),
        ("build-test", ()),
        ("checkout", ()),
        ("hub-image-actions/build", ("first", "second")),
    ],
)
def test_jobs_are_found_by_an_action_of_ours_or_by_anothers_full_name(
    draft: Draft, action: str, names: tuple[str, ...]
) -> None:
    assert draft.jobs_using(action) == names


def test_the_last_job_with_an_action_is_the_one_that_counts(draft: Draft) -> None:
    assert draft.job_using("build") == "second"


def test_a_template_without_an_action_is_of_another_release(draft: Draft) -> None:
    with pytest.raises(TemplateUnknown) as raised:
        draft.job_using("binder-badge")
    assert raised.value.problem == "No job of the template's push.yaml uses `binder-badge`."
    assert raised.value.remedy == "Use the program and the template of the same release."


def test_the_way_to_a_step_leads_through_its_place(draft: Draft) -> None:
    assert draft.way("first", "build", "with", "image") == IMAGE
    assert draft.step("second", "actions/checkout") is None
    with pytest.raises(TemplateUnknown, match="has no step with `actions/checkout` in second"):
        draft.way("second", "actions/checkout")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("c/d", "image: c/d # the image"),
        ("true", "image: true # the image"),
        ("yes", 'image: "yes" # the image'),
        ("1.10", 'image: "1.10" # the image'),
        ("${{ vars.IMAGE }}", "image: ${{ vars.IMAGE }} # the image"),
    ],
)
def test_a_text_is_quoted_where_yaml_would_read_something_else(
    draft: Draft, value: str, written: str
) -> None:
    draft.set_text("image", IMAGE, value)
    assert draft.text == TEXT.replace("image: a/b # the image", written)


def test_a_text_of_several_lines_is_a_block(draft: Draft) -> None:
    draft.set_text("build-args", (*IMAGE[:-1], "build-args"), "A=1\nB=2")
    assert "          build-args: |\n            A=1\n            B=2\n" in draft.text


def test_an_entry_can_come_before_another(draft: Draft) -> None:
    draft.set("user", (*IMAGE[:-1], "user-id"), "1000", before="image")
    assert "with:\n          user-id: 1000\n          image: a/b" in draft.text


def test_what_is_set_is_noted_for_its_setting_and_what_is_removed_is_not(draft: Draft) -> None:
    draft.set("image", IMAGE, "c/d")
    draft.remove((*IMAGE[:-1], "latest"))
    assert "latest" not in draft.text
    assert draft.edits == [Edited("image", "push.yaml", "image: c/d")]


def test_jobs_are_those_of_the_text_as_it_is_now(draft: Draft) -> None:
    draft.remove(("jobs", "second"))
    assert [job.name for job in draft.jobs] == ["first"]
    assert draft.job_using("build") == "first"
