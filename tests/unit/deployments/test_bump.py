"""Plans: what a bump tells of the references that it has seen."""

from pathlib import Path

from hub_image_actions.deployments.bump import BumpReference, Plan
from hub_image_actions.deployments.edits import Edit


def reference(hub: str, old: str = "v1", *, new: str = "v2", file: str = "hub.yaml") -> BumpReference:
    reason = "" if new else "already at this tag"
    return BumpReference(file, 1, hub, "image", "", "berkeley/stat20", old, new, reason)


def plan(*references: BumpReference) -> Plan:
    return Plan(references, ())


def test_every_reference_either_moves_or_stays() -> None:
    moves, stays = reference("stat20"), reference("data8", "v2", new="")
    both = plan(stays, moves)
    assert (both.moved, both.left) == ((moves,), (stays,))


def test_hubs_that_move_are_told_once_in_their_order() -> None:
    seen = plan(reference("stat20"), reference("data8"), reference("stat20"), reference("idle", new=""))
    assert seen.hubs == ("stat20", "data8")


def test_a_template_of_hubs_moves_but_is_no_hub() -> None:
    template = reference("template", file="{{cookiecutter.hub}}/hub.yaml")
    assert (plan(template).moved, plan(template).hubs) == ((template,), ())


def test_old_tags_are_those_of_what_moves_each_once() -> None:
    seen = plan(
        reference("a", "v1"), reference("b", "v0"), reference("c", "v1"), reference("d", "v2", new="")
    )
    assert seen.old_tags == ("v1", "v0")


def test_files_are_written_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "hub.yaml"
    path.write_bytes(b"v1")
    edited = Plan((), (Edit("hub.yaml", path, b"v1", b"v2"),))
    assert (edited.files, path.read_bytes()) == (("hub.yaml",), b"v1")
    edited.write()
    assert path.read_bytes() == b"v2"
