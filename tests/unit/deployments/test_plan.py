"""Bumps of whole deployments: which files are read, what is reported, and what is written."""

import os
import subprocess
import threading
from datetime import date
from pathlib import Path

import pytest

from hub_image_actions.deployments import search
from hub_image_actions.deployments.bump import Bump, BumpReference, Plan
from hub_image_actions.deployments.plan import plan_bump
from hub_image_actions.errors import DeploymentsError, MalformedHold
from hub_image_actions.references import parse_image_name

IMAGE = "us-central1-docker.pkg.dev/p/user-images/data100-user-image"
OLD, NEW = "130d6247d491", "511c4637d702"
OLD_DIGEST, NEW_DIGEST = "sha256:" + "a" * 64, "sha256:" + "b" * 64
TODAY = date(2026, 11, 23)
ONE = f"image_name: {IMAGE}:{OLD}\n"


class Tree:
    """A folder with deployments.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file and return its path."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def plan(
        self, *paths: str, image: str = IMAGE, tag: str = NEW, digest: str = "", from_tag: str = ""
    ) -> Plan:
        """Return the plan for `paths`, by default for the folder `deployments`."""
        bump = Bump(parse_image_name(image), tag, TODAY, digest, from_tag)
        return plan_bump(self.root, paths or ["deployments"], bump)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def one(plan: Plan) -> BumpReference:
    (reference,) = plan.references
    return reference


def test_the_report_says_all_about_a_reference_that_moves(tree: Tree) -> None:
    tree.write("deployments/stat20/config/common.yaml", f"# Spring\nimages:\n  image_name: {IMAGE}:{OLD}\n")
    assert one(tree.plan()) == BumpReference(
        file="deployments/stat20/config/common.yaml",
        line=3,
        hub="stat20",
        shape="image_name",
        profile="",
        image=IMAGE,
        old=OLD,
        new=NEW,
    )


def test_an_edit_changes_the_tag_and_nothing_else(tree: Tree) -> None:
    before = (
        f"\ufeff# {OLD}\r\nimage:\r\n    tag:   '{OLD}'   # {OLD}\r\n    name: {IMAGE}\r\n\r\n# é 🎉".encode()
    )
    path = tree.write("deployments/stat20/hubploy.yaml", before)
    tree.plan().write()
    assert path.read_bytes() == before.replace(f"'{OLD}'".encode(), f"'{NEW}'".encode())


REASONS = {
    "already at this tag": f"a: {IMAGE}:{NEW}\n",
    f"other tag than {OLD}": f"a: {IMAGE}:latest\n",
    "held until 2026-12-18: finals week": f"a: {IMAGE}:{OLD} # image-hold until 2026-12-18: finals week\n",
    "untagged": f"a: {IMAGE}\n",
    "untagged: pinned by digest": f"a: {IMAGE}@{OLD_DIGEST}\n",
    "encrypted": f"a: {IMAGE}:{OLD}\nsops: {{mac: x}}\n",
    "format string": f"a: '{IMAGE}:{{tag}}'\n",
    "part of a text": f"a: this is {IMAGE}:{OLD}\n",
    "its tag is an anchor that another image uses as well": (
        f"a: {{name: {IMAGE}, tag: &t {OLD}}}\nb: {{name: x, tag: *t}}\n"
    ),
    "written with escapes or over several lines": f'a: "{IMAGE}\\x3a{OLD}"\n',
}


@pytest.mark.parametrize("reason", REASONS)
def test_a_reference_that_is_left_has_its_reason(tree: Tree, reason: str) -> None:
    tree.write("deployments/stat20/hubploy.yaml", REASONS[reason])
    plan = tree.plan(from_tag=OLD)
    assert (one(plan).reason, one(plan).new, plan.edits) == (reason, "", ())


def test_a_file_of_another_kind_is_reported_and_left(tree: Tree) -> None:
    tree.write("deployments/README.md", f"    image_name: {IMAGE}:{OLD}\n")
    assert one(tree.plan()).reason == "not a YAML file"


@pytest.mark.parametrize(
    "name",
    [
        "a.yaml",
        "a.yml",
        "a.json",
        "A.YAML",
        "a.yaml.j2",
        "a.yml.tmpl",
        "a.yaml.gotmpl",
        "{{cookiecutter.hub}}.yaml",
    ],
)
def test_a_file_with_the_name_of_yaml_is_edited(tree: Tree, name: str) -> None:
    path = tree.write(f"deployments/stat20/{name}", ONE)
    tree.plan().write()
    assert path.read_text() == ONE.replace(OLD, NEW)


@pytest.mark.parametrize(
    "content",
    [
        f"# é\n{ONE}".encode("latin-1"),
        ONE.encode("utf-16"),
        ("\ufeff" + ONE).encode("utf-16-be"),
        ONE.encode("utf-32"),
    ],
    ids=["latin-1", "utf-16", "utf-16-be", "utf-32"],
)
def test_a_file_that_is_not_utf8_is_reported_and_left(tree: Tree, content: bytes) -> None:
    tree.write("deployments/stat20/hubploy.yaml", content)
    plan = tree.plan()
    assert (one(plan).reason, one(plan).file, plan.edits) == (
        "not UTF-8",
        "deployments/stat20/hubploy.yaml",
        (),
    )


def test_a_file_that_is_not_utf8_and_names_another_image_is_none_of_ours(tree: Tree) -> None:
    path = tree.write(
        "deployments/stat20/hubploy.yaml", f"# é\na: quay.io/x/data100-user-image:{OLD}\n".encode("latin-1")
    )
    bump = Bump(parse_image_name(IMAGE), NEW, TODAY)
    assert plan_bump(tree.root, ["deployments"], bump, [str(path)]) == Plan((), ())


@pytest.mark.parametrize("size", [0, 100_000])
def test_a_binary_file_is_no_text(tree: Tree, size: int) -> None:
    tree.write("deployments/stat20/hubploy.yaml", b"\0" + b" " * size + ONE.encode())
    assert tree.plan().references == ()


@pytest.mark.parametrize("size", range(16_300, 16_400, 7))
def test_an_image_is_found_wherever_it_stands_in_a_large_file(tree: Tree, size: int) -> None:
    path = tree.write("deployments/stat20/hubploy.yaml", "#" * size + "\n" + ONE)
    tree.plan().write()
    assert path.read_text().endswith(f":{NEW}\n")


def test_a_template_that_is_no_yaml_is_reported_as_such(tree: Tree) -> None:
    name = "deployments/template/{{cookiecutter.hub_name}}/hubploy.yaml"
    tree.write(name, "{% if gpu %}\n" + ONE + "{% endif %}\n")
    reference = one(tree.plan())
    assert (reference.new, reference.note) == (NEW, "the file is not YAML; edited by exact reference")


@pytest.mark.parametrize(
    ("before", "digest", "after", "note"),
    [
        (f"{OLD}@{OLD_DIGEST}", NEW_DIGEST, f"{NEW}@{NEW_DIGEST}", "digest replaced"),
        (f"{OLD}@{OLD_DIGEST}", "", NEW, "digest dropped: the new one is not known"),
        (f"{NEW}@{OLD_DIGEST}", NEW_DIGEST, f"{NEW}@{NEW_DIGEST}", "digest replaced"),
        (OLD, NEW_DIGEST, NEW, ""),
    ],
)
@pytest.mark.parametrize("shape", ["image: {image}:{pinned}\n", "image:\n  name: {image}\n  tag: {pinned}\n"])
def test_a_digest_goes_with_its_tag(
    tree: Tree, shape: str, before: str, digest: str, after: str, note: str
) -> None:
    path = tree.write("deployments/a/a.yaml", shape.format(image=IMAGE, pinned=before))
    plan = tree.plan(digest=digest)
    plan.write()
    assert path.read_text() == shape.format(image=IMAGE, pinned=after)
    assert one(plan).note == note


@pytest.mark.parametrize("digest", ["", NEW_DIGEST])
def test_a_reference_at_tag_and_digest_stays(tree: Tree, digest: str) -> None:
    tree.write("deployments/a/a.yaml", f"a: {IMAGE}:{NEW}@{NEW_DIGEST}\n")
    assert one(tree.plan(digest=digest)).reason == "already at this tag"


def test_only_references_at_the_tag_that_was_given_move(tree: Tree) -> None:
    path = tree.write("deployments/a/a.yaml", f"a: {IMAGE}:1\nb: {IMAGE}:2\nc: {IMAGE}:{NEW}\n")
    plan = tree.plan(from_tag="2")
    plan.write()
    assert path.read_text() == f"a: {IMAGE}:1\nb: {IMAGE}:{NEW}\nc: {IMAGE}:{NEW}\n"
    assert [reference.reason for reference in plan.left] == ["other tag than 2", "already at this tag"]


@pytest.mark.parametrize(
    ("until", "moves"), [("2026-11-22", True), ("2026-11-23", False), ("2026-11-24", False)]
)
def test_a_hold_lasts_through_its_day(tree: Tree, until: str, moves: bool) -> None:
    tree.write("deployments/a/a.yaml", f"# image-hold until {until}\n{ONE}")
    assert one(tree.plan()).moved is moves


HELD = {
    "above the key of a pair": "# image-hold until 2027-01-01\nimage:\n  name: IMAGE\n  tag: OLD\n",
    "on the key of a pair": "image: # image-hold until 2027-01-01\n  name: IMAGE\n  tag: OLD\n",
    "above the first key": "image:\n  # image-hold until 2027-01-01\n  x: y\n  name: IMAGE\n\n  tag: OLD\n",
    "on the name": "image:\n  name: IMAGE # image-hold until 2027-01-01\n  tag: OLD\n",
    "above the name": "image:\n  tag: OLD\n  # image-hold until 2027-01-01\n  name: IMAGE\n",
    "above the tag": "image:\n  name: IMAGE\n  # image-hold until 2027-01-01\n  tag: OLD\n",
    "above an item": "images:\n  # image-hold until 2027-01-01\n  - name: IMAGE:OLD\n",
    "in a template": "{% if x %}\n# image-hold until 2027-01-01\n- name: IMAGE:OLD\n",
}


@pytest.mark.parametrize("place", HELD)
def test_a_reference_is_held_by_a_comment(tree: Tree, place: str) -> None:
    tree.write("deployments/a/a.yaml", HELD[place].replace("IMAGE", IMAGE).replace("OLD", OLD))
    assert one(tree.plan()).reason == "held until 2027-01-01"


NOT_HELD = {
    "by the hold of the reference above": "a: IMAGE:1 # image-hold until 2027-01-01\nb: IMAGE:OLD\n",
    "by the hold of the item above": "- name: IMAGE:1 # image-hold until 2027-01-01\n- name: IMAGE:OLD\n",
    "by a hold above the item above": "# image-hold until 2027-01-01\n- name: IMAGE:1\n- name: IMAGE:OLD\n",
    "by a hold on a pair above": (
        "- name: IMAGE\n  tag: 1 # image-hold until 2027-01-01\n- name: IMAGE\n  tag: OLD\n"
    ),
}


@pytest.mark.parametrize("neighbour", NOT_HELD)
def test_a_hold_does_not_spill_over(tree: Tree, neighbour: str) -> None:
    tree.write("deployments/a/a.yaml", NOT_HELD[neighbour].replace("IMAGE", IMAGE).replace("OLD", OLD))
    assert [reference.moved for reference in tree.plan().references] == [False, True]


def test_a_malformed_hold_of_the_image_is_an_error_with_file_and_line(tree: Tree) -> None:
    tree.write("deployments/a/a.yaml", f"x: y\n# image-hold until spring\n{ONE}")
    with pytest.raises(MalformedHold, match=r"deployments/a/a\.yaml:2:"):
        tree.plan()


def test_a_malformed_hold_of_another_image_is_none_of_ours(tree: Tree) -> None:
    tree.write("deployments/a/a.yaml", f"other: q.io/x:1 # image-hold\n{ONE}")
    assert one(tree.plan()).moved


@pytest.mark.parametrize(
    ("name", "path", "hub"),
    [
        ("deployments/stat20/config/common.yaml", "deployments", "stat20"),
        ("deployments/stat20/config/common.yaml", "deployments/stat20/config", "stat20"),
        ("deployments/stat20/config/common.yaml", "deployments/stat20/config/common.yaml", "stat20"),
        ("deployments/stat20/config/common.yaml", ".", "stat20"),
        ("deployments/stat20/deployments/x.yaml", ".", "stat20"),
        ("deployments/hubploy.yaml", "deployments", "deployments"),
        ("config/clusters/cal/staging.yaml", "config/clusters", "cal"),
        ("config/clusters/cal/more/staging.yaml", "config/clusters", "cal"),
        ("hubs/values.yaml", "hubs", "hubs"),
        ("hubs/values.yaml", "hubs/values.yaml", "hubs"),
    ],
)
def test_the_hub_is_the_folder_of_the_deployment(tree: Tree, name: str, path: str, hub: str) -> None:
    tree.write(name, ONE)
    assert one(tree.plan(path)).hub == hub


def test_the_hub_is_known_inside_the_deployments_folder_too(tree: Tree) -> None:
    tree.write("deployments/stat20/config/common.yaml", ONE)
    assert one(Tree(tree.root / "deployments").plan("stat20")).hub == "stat20"


def test_references_come_by_file_and_line(tree: Tree) -> None:
    for name in ("b", "a", "c"):
        tree.write(f"deployments/{name}/x.yaml", ONE * 2)
    places = [
        (reference.hub, reference.line) for reference in tree.plan("deployments/c", "deployments").references
    ]
    assert places == [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 1), ("c", 2)]


@pytest.mark.parametrize(
    "paths",
    [
        ("deployments", "deployments"),
        ("deployments", "deployments/a"),
        ("deployments/a/x.yaml", "deployments"),
        ("./deployments/../deployments", "deployments/"),
        ("link", "deployments"),
    ],
)
def test_what_paths_share_is_edited_once(tree: Tree, paths: tuple[str, ...]) -> None:
    tree.write("deployments/a/x.yaml", ONE)
    (tree.root / "link").symlink_to("deployments")
    plan = tree.plan(*paths)
    assert [edit.file for edit in plan.edits] == ["deployments/a/x.yaml"]
    assert one(plan).moved


def test_an_absolute_path_is_reported_relative_to_the_root(tree: Tree) -> None:
    tree.write("deployments/a/x.yaml", ONE)
    assert one(tree.plan(str(tree.root / "deployments"))).file == "deployments/a/x.yaml"


def test_a_root_behind_a_link_is_the_folder_itself(
    tree: Tree, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tree.write("deployments/a/x.yaml", ONE)
    link = tmp_path_factory.mktemp("elsewhere") / "checkout"
    link.symlink_to(tree.root)
    assert one(Tree(link).plan()).file == "deployments/a/x.yaml"


@pytest.mark.parametrize("target", ["../../outside/x.yaml", "../../outside", "..", ".", "missing", "x.yaml"])
def test_a_link_in_the_tree_is_not_followed(tree: Tree, target: str) -> None:
    outside = tree.write("outside/x.yaml", ONE)
    tree.write("deployments/a/README", "")
    (tree.root / "deployments/a/x.yaml").symlink_to(target)
    plan = tree.plan()
    plan.write()
    assert (plan.references, outside.read_text()) == ((), ONE)


def test_a_path_that_is_a_link_out_of_the_tree_is_refused(
    tree: Tree, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (tree.root / "deployments").symlink_to(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(DeploymentsError, match="leads out of"):
        tree.plan()


@pytest.mark.parametrize("name", ["nothing", "pipe", "dangling", "loop"])
def test_a_path_without_files_is_an_error(tree: Tree, name: str) -> None:
    os.mkfifo(tree.root / "pipe")
    (tree.root / "dangling").symlink_to("nothing")
    (tree.root / "loop").symlink_to("loop")
    with pytest.raises(DeploymentsError, match=f"no file or folder '{name}'"):
        tree.plan(name)


def test_what_is_no_file_is_passed_over(tree: Tree) -> None:
    tree.write("deployments/a/x.yaml", ONE)
    os.mkfifo(tree.root / "deployments/a/pipe.yaml")
    assert one(tree.plan()).moved


def test_the_files_of_git_are_none_of_the_deployments(tree: Tree) -> None:
    tree.write("deployments/.git/x.yaml", ONE)
    assert tree.plan().references == ()


def test_a_file_name_that_is_no_utf8_is_read_all_the_same(tree: Tree) -> None:
    path = Path(os.fsdecode(os.fsencode(tree.root) + b"/deployments/\xff\n.yaml"))
    path.parent.mkdir()
    path.write_text(ONE)
    tree.plan().write()
    assert path.read_text() == ONE.replace(OLD, NEW)


@pytest.fixture(params=["beside", "in line"])
def way_to_search(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Search in a process beside this one, and in this one."""
    monkeypatch.setattr(search, "_may_fork", lambda: request.param == "beside")


@pytest.mark.usefixtures("way_to_search")
def test_both_ways_to_search_find_the_same(tree: Tree) -> None:
    for number in range(30):
        tree.write(f"deployments/hub{number}/x.yaml", ONE)
        tree.write(f"deployments/hub{number}/y.yaml", ONE.replace("data100", "data8"))
    assert len(tree.plan().moved) == 30


@pytest.mark.usefixtures("way_to_search")
def test_what_cannot_be_read_is_an_error_that_names_it(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tree.write("deployments/a/x.yaml", ONE)

    # Permissions stop nobody who runs the tests as root.
    def refused(descriptor: int, size: int) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("hub_image_actions.deployments.search.os.read", refused)
    with pytest.raises(DeploymentsError, match=f"{path} cannot be read: Permission denied"):
        tree.plan()


def test_a_search_that_ends_early_is_an_error(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write("deployments/a/x.yaml", ONE)
    monkeypatch.setattr(search, "_may_fork", lambda: True)
    monkeypatch.setattr(search, "_search", lambda paths, text: os._exit(9))
    with pytest.raises(DeploymentsError, match="ended from outside"):
        tree.plan()


def test_a_search_leaves_no_process_behind(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write("deployments/a/x.yaml", ONE)
    monkeypatch.setattr(search, "_may_fork", lambda: True)
    children: list[int] = []
    fork = os.fork

    def counted() -> int:
        children.append(fork())
        return children[-1]

    monkeypatch.setattr("hub_image_actions.deployments.search.os.fork", counted)
    tree.plan()
    with pytest.raises(ChildProcessError):
        os.waitpid(children[0], os.WNOHANG)


def test_a_process_with_threads_is_not_doubled() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert not search._may_fork()
    finally:
        done.set()
        thread.join()


def test_a_plan_alone_writes_nothing(tree: Tree) -> None:
    path = tree.write("deployments/a/x.yaml", ONE)
    assert tree.plan().edits
    assert path.read_text() == ONE


def test_a_second_bump_changes_nothing(tree: Tree) -> None:
    tree.write("deployments/a/x.yaml", ONE)
    tree.plan().write()
    again = tree.plan()
    assert (again.edits, one(again).reason) == ((), "already at this tag")


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o640])
def test_a_file_keeps_its_permissions(tree: Tree, mode: int) -> None:
    path = tree.write("deployments/a/x.yaml", ONE)
    path.chmod(mode)
    tree.plan().write()
    assert path.stat().st_mode & 0o777 == mode


def test_a_reader_of_the_old_file_sees_the_old_content_to_its_end(tree: Tree) -> None:
    path = tree.write("deployments/a/x.yaml", ONE)
    with path.open() as reader:
        tree.plan().write()
        assert reader.read() == ONE


def test_no_file_changes_when_one_cannot_be_written(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tree.write(f"deployments/{name}/x.yaml", ONE) for name in ("a", "b", "c")]
    plan = tree.plan()
    opened = os.fdopen

    def full_at_the_second(descriptor: int, mode: str) -> object:
        if len(list(tree.root.rglob(".*.tmp"))) > 1:
            os.close(descriptor)
            raise OSError(28, "No space left on device", "deployments/b/x.yaml")
        return opened(descriptor, mode)

    monkeypatch.setattr("hub_image_actions.deployments.edits.os.fdopen", full_at_the_second)
    with pytest.raises(DeploymentsError, match=r"b/x\.yaml cannot be written: No space left"):
        plan.write()
    assert [path.read_text() for path in paths] == [ONE] * 3
    assert sorted(path.name for path in tree.root.rglob("*") if path.is_file()) == ["x.yaml"] * 3


DIFFS = {
    "line ends": ONE.replace("\n", "\r\n") * 3,
    "no line end": ONE + ONE.strip(),
    "characters that split lines elsewhere": f"# a\x0bb\x0cc\x1cd\u0085e\u2028f\n# \rg\n{ONE}",
    "a byte order mark": "\ufeff" + ONE,
    "many lines": "a: b\n" * 20 + ONE + "c: d\n" * 20 + ONE,
}


@pytest.mark.parametrize("kind", DIFFS)
def test_a_diff_applies_and_gives_the_same_bytes(tree: Tree, kind: str) -> None:
    path = tree.write("deployments/a/x.yaml", DIFFS[kind])
    plan = tree.plan()
    diff = "".join(edit.diff() for edit in plan.edits)
    subprocess.run(["git", "apply", "-"], cwd=tree.root, input=diff.encode(), check=True)
    applied = path.read_bytes()
    assert applied == plan.edits[0].after != DIFFS[kind].encode()


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        # What YAML takes for a number, and JSON for nothing that there is.
        ("a.json", f'{{"name": "{IMAGE}", "tag": 812}}', f'{{"name": "{IMAGE}", "tag": "{NEW}"}}'),
        (
            "a.yaml.j2",
            f"{{% if x %}}\nimage:\n  repository: {IMAGE}\n  tag: {OLD}\n{{% endif %}}\n",
            f"{{% if x %}}\nimage:\n  repository: {IMAGE}\n  tag: {NEW}\n{{% endif %}}\n",
        ),
        (
            "a.yaml",
            f"name: {IMAGE}\ntag: {OLD}\nversion: '{OLD}'\n",
            f"name: {IMAGE}\ntag: {NEW}\nversion: '{NEW}'\n",
        ),
        (
            "kustomization.yaml",
            f"images:\n- name: {IMAGE}\n  newTag: {OLD}\n  tag: {OLD}\n",
            f"images:\n- name: {IMAGE}\n  newTag: {NEW}\n  tag: {NEW}\n",
        ),
    ],
)
def test_all_that_says_the_tag_moves_in_the_language_of_the_file(
    tree: Tree, name: str, before: str, after: str
) -> None:
    tree.write(f"deployments/x/{name}", before)
    plan = tree.plan()
    assert one(plan).new == NEW
    (edit,) = plan.edits
    assert edit.after.decode() == after


@pytest.mark.parametrize("key", ["version", "tag"])
def test_what_says_another_tag_beside_it_stays_and_is_told(tree: Tree, key: str) -> None:
    tree.write("deployments/x/a.yaml", f"name: {IMAGE}\nnewTag: {OLD}\n{key}: '7'\n")
    plan = tree.plan()
    assert (one(plan).new, one(plan).note) == (NEW, f"`{key}: 7` beside it is left")
    assert plan.edits[0].after.decode() == f"name: {IMAGE}\nnewTag: {NEW}\n{key}: '7'\n"
