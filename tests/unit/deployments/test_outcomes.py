"""Outcomes: what becomes of the references of one file."""

from datetime import date
from pathlib import Path

import pytest

from hub_image_actions.deployments.bump import Bump
from hub_image_actions.deployments.files import File
from hub_image_actions.deployments.outcomes import plan_file
from hub_image_actions.errors import DeploymentsError
from hub_image_actions.references import parse_image_name

IMAGE = "quay.io/berkeley/stat20"
OLD_DIGEST, NEW_DIGEST = "sha256:" + "a" * 64, "sha256:" + "b" * 64
TODAY = date(2026, 11, 28)


def bump(*, digest: str = "", from_tag: str = "") -> Bump:
    return Bump(parse_image_name(IMAGE), "v2", TODAY, digest=digest, from_tag=from_tag)


def written(folder: Path, text: str, name: str = "hub.yaml") -> File:
    path = folder / name
    path.write_bytes(text.encode())
    return File(path, name, "stat20")


@pytest.mark.parametrize(("until", "new"), [("2026-11-28", ""), ("2026-11-27", "v2")])
def test_a_hold_ends_with_its_last_day(tmp_path: Path, until: str, new: str) -> None:
    file = written(tmp_path, f"image: {IMAGE}:v1 # image-hold until {until}: finals\n")
    (reference,), _ = plan_file(file, bump())
    assert reference.new == new


@pytest.mark.parametrize(
    ("digest", "after", "note"),
    [
        (NEW_DIGEST, f"v2@{NEW_DIGEST}", "digest replaced"),
        ("", "v2", "digest dropped: the new one is not known"),
    ],
)
def test_an_old_digest_never_stays_behind_a_new_tag(
    tmp_path: Path, digest: str, after: str, note: str
) -> None:
    file = written(tmp_path, f"image: {IMAGE}:v1@{OLD_DIGEST}\n")
    (reference,), edit = plan_file(file, bump(digest=digest))
    assert edit is not None
    assert (edit.after.decode(), reference.note) == (f"image: {IMAGE}:{after}\n", note)


@pytest.mark.parametrize(
    ("pinned", "digest", "reason"),
    [
        ("v2", NEW_DIGEST, "already at this tag"),
        (f"v2@{NEW_DIGEST}", NEW_DIGEST, "already at this tag"),
        (f"v2@{OLD_DIGEST}", "", "already at this tag"),
        (f"v2@{OLD_DIGEST}", NEW_DIGEST, ""),
    ],
)
def test_a_tag_that_was_pushed_again_is_a_move(tmp_path: Path, pinned: str, digest: str, reason: str) -> None:
    (reference,), _ = plan_file(written(tmp_path, f"image: {IMAGE}:{pinned}\n"), bump(digest=digest))
    assert reference.reason == reason


@pytest.mark.parametrize("line", [f"image: {IMAGE}:v1", f"image_name: {IMAGE}:v1", f"repository: {IMAGE}:v1"])
def test_a_whole_reference_that_a_digest_beside_it_outranks_is_not_moved_alone(
    tmp_path: Path, line: str
) -> None:
    file = written(tmp_path, f"web:\n  {line}\n  digest: {OLD_DIGEST}\n")
    (left,), edit = plan_file(file, bump())
    assert (edit, left.reason) == (None, "pinned by `digest` beside the tag, and the new digest is not known")
    (moved,), edit = plan_file(file, bump(digest=NEW_DIGEST))
    assert edit is not None
    assert (edit.after.decode(), moved.note) == (
        f"web:\n  {line.replace('v1', 'v2')}\n  digest: {NEW_DIGEST}\n",
        "digest replaced",
    )


@pytest.mark.parametrize(
    ("tag", "after", "note"), [("v1", "v2", ""), ("v0", "v0", "`tag: v0` beside it is left")]
)
def test_a_tag_beside_a_whole_reference_moves_with_it_if_it_says_the_same(
    tmp_path: Path, tag: str, after: str, note: str
) -> None:
    file = written(tmp_path, f"web:\n  image: {IMAGE}:v1\n  tag: {tag}\n")
    (reference,), edit = plan_file(file, bump())
    assert edit is not None
    assert edit.after.decode() == f"web:\n  image: {IMAGE}:v2\n  tag: {after}\n"
    assert reference.note == note


def test_what_is_left_in_a_template_is_not_said_to_be_edited(tmp_path: Path) -> None:
    file = written(tmp_path, f"{{% if x %}}\nimage: {{{{ x('{IMAGE}:v1') }}}}\n{{% endif %}}\n")
    (reference,), _ = plan_file(file, bump())
    assert (reference.reason, reference.note) == ("part of a text", "")


def test_what_moves_leaves_its_neighbor_at_another_tag(tmp_path: Path) -> None:
    file = written(tmp_path, f"a:\n  image: {IMAGE}:v0\nb:\n  image: {IMAGE}:v1\n")
    references, edit = plan_file(file, bump(from_tag="v1"))
    assert edit is not None
    assert [reference.reason for reference in references] == ["other tag than v1", ""]
    assert edit.after.decode() == f"a:\n  image: {IMAGE}:v0\nb:\n  image: {IMAGE}:v2\n"


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeploymentsError, match=r"^hub\.yaml cannot be read: No such file"):
        plan_file(File(tmp_path / "hub.yaml", "hub.yaml", "stat20"), bump())
