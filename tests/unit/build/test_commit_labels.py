"""The labels that say which commit an image is of, in a build and in a promotion."""

from pathlib import Path
from typing import Any

import pytest

from fake_build import fake_build, pushed_image, read_settings
from hub_image_actions.build.commit_labels import labels_of_commit, of_this_commit
from hub_image_actions.images.labels import (
    CHECKS,
    CREATED,
    INPUTS,
    REF,
    REPO,
    REVISION,
    RUN,
    SOURCE,
    TESTS,
    VERSION,
)
from hub_image_actions.images.pushed_image import PushedImage

FINDINGS = {
    INPUTS: "1f",
    CHECKS: "2f",
    TESTS: "3 passed",
    CREATED: "2026-11-20T10:00:00+00:00",
    RUN: "https://github.com/a/b/actions/runs/7",
    "course": "data100",
}
HEAD = {REVISION: "head", VERSION: "dev", SOURCE: "https://github.com/a/x", REF: "head", REPO: "x"}
OURS = "https://github.com/a/b"
MERGED = {REVISION: "merged", VERSION: "1", SOURCE: OURS, REF: "merged", REPO: OURS}


def promoted(
    folder: Path, image: PushedImage, origin: dict[str, Any] | None = None, **given: str
) -> PushedImage:
    """Return an image as a build of `merged` in `a/b` takes it over."""
    facts = {"repository": "a/b", "commit": "merged"} if origin is None else origin
    job = fake_build(folder, read_settings(**given), **facts).job
    return of_this_commit(image, job.settings, job.origin)


def test_a_promoted_image_is_of_the_commit_whose_tag_it_gets(tmp_path: Path) -> None:
    assert promoted(tmp_path, pushed_image({**FINDINGS, **HEAD})).labels == {**FINDINGS, **MERGED}


def test_what_this_build_would_have_made_is_taken_as_it_is(tmp_path: Path) -> None:
    image = pushed_image({**FINDINGS, **MERGED})
    assert promoted(tmp_path, image) is image


def test_what_is_not_known_is_not_said(tmp_path: Path) -> None:
    image = promoted(tmp_path, pushed_image({**FINDINGS, **HEAD}), {})
    assert image.labels == {**FINDINGS, VERSION: "1"}


def test_the_users_own_labels_count_most_as_in_a_build(tmp_path: Path) -> None:
    mine = f"{VERSION}=mine\ncourse=other\nempty=\n{CHECKS}=forged\nhub-image-actions.x=forged"
    image = promoted(tmp_path, pushed_image({**FINDINGS, **HEAD}), labels=mine)
    assert image.labels == {**FINDINGS, **MERGED, VERSION: "mine", "course": "other", "empty": ""}


@pytest.mark.parametrize("run", ["https://evil.example/", "https://github.com/a/b.evil/actions/runs/7", ""])
def test_a_link_to_somebody_else_s_run_is_not_taken_over(tmp_path: Path, run: str) -> None:
    assert RUN not in promoted(tmp_path, pushed_image({**FINDINGS, **HEAD, RUN: run})).labels


def test_a_label_as_large_as_a_configuration_may_be_is_replaced_in_a_moment(tmp_path: Path) -> None:
    image = pushed_image({**FINDINGS, REVISION: "a " * (3 << 20), VERSION: "\x00\x1b[2J\n"})
    assert promoted(tmp_path, image).labels == {**FINDINGS, **MERGED}


def test_a_build_gives_what_a_promotion_gives(tmp_path: Path) -> None:
    job = fake_build(tmp_path, repository="a/b", commit="merged").job
    assert labels_of_commit(job.settings, job.origin) == MERGED
