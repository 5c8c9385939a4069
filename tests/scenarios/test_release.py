"""Releases: scripts/release run on a clone of a small repository, against a local GitHub."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from local_github.repository import Content
from scenarios.releases import ACTION, NAME, Releases

HISTORY = "src/hub_image_actions/fleet/workflows/template_history.yaml"
WRITTEN = {
    "CITATION.cff": "version: 1.0.0\n",
    "pyproject.toml": '\nversion = "1.0.0"\n',
    "src/hub_image_actions/__init__.py": '\n__version__ = "1.0.0"\n',
    ".github/workflows/release.yaml": f"- uses: {NAME}@v1.0.0\n      - uses: {NAME}/greet@v1.0.0\n",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Releases]:
    """A repository that nothing was released of."""
    with Releases(tmp_path) as made:
        yield made


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Releases]:
    """A repository of which 1.0.0 is released, with changes that are not."""
    with Releases(tmp_path, begun=True) as made:
        yield made


class TestARelease:
    def test_without_apply_it_is_told_and_nothing_is_changed(self, world: Releases) -> None:
        before = world.state()
        told = world.release("1.0.0")
        assert told.status == 0, told.stderr
        assert "Action `greet`: says a word, to everybody." in told.stdout
        assert '+__version__ = "1.0.0"' in told.stdout
        assert "scripts/release 1.0.0 --apply" in told.stdout
        assert world.state() == before

    def test_commit_and_tag_are_pushed_and_the_clone_is_at_them(self, world: Releases) -> None:
        result = world.release("v1.0.0", "--apply")
        assert result.status == 0, result.stderr
        newest, before = world.repository.log()
        assert (newest.title, newest.author.name) == ("Release 1.0.0", "Alice")
        assert newest.parents == (before.sha,)
        assert world.tags() == {"v1.0.0": newest.sha}
        assert world.repository.type_of(world.repository.refs("refs/tags/")["refs/tags/v1.0.0"]) == "tag"
        assert world.git("rev-parse", "HEAD", "v1.0.0^{commit}").split() == [newest.sha] * 2
        assert world.git("status", "--porcelain") == ""

    def test_branch_and_tag_are_pushed_at_once(self, world: Releases) -> None:
        world.released("1.0.0")
        assert world.github.counts()["POST git-receive-pack"] == 1

    def test_the_templates_files_are_known_to_later_releases(self, world: Releases) -> None:
        world.released("1.0.0")
        assert '\nreleases:\n  "1.0.0":\n    test.yaml: ' in world.read(HISTORY)

    def test_the_version_is_written_where_it_belongs_and_nothing_else_is(self, world: Releases) -> None:
        world.released("1.0.0")
        newest, before = world.repository.log()
        changed = world.repository.diff(before.sha, newest.sha)
        assert {change.path for change in changed} == {"CHANGELOG.md", HISTORY, *WRITTEN}
        assert [path for path, text in WRITTEN.items() if text not in world.read(path)] == []
        assert max(change.deletions for change in changed) == 2

    def test_what_was_unreleased_gets_its_heading_its_date_and_its_links(self, world: Releases) -> None:
        world.released("1.0.0", "1.0.1")
        page = f"{world.github.server_url}/{NAME}"
        text = world.read("CHANGELOG.md")
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert [heading[:7] for heading in headings] == ["[Unrele", "[1.0.1]", "[1.0.0]"]
        assert text.endswith(
            f"[Unreleased]: {page}/compare/v1.0.1...HEAD\n"
            f"[1.0.1]: {page}/compare/v1.0.0...v1.0.1\n[1.0.0]: {page}/releases/tag/v1.0.0\n"
        )

    def test_a_pre_release_leaves_the_changelog_as_it_is(self, one: Releases) -> None:
        before = one.read("CHANGELOG.md")
        one.released("1.1.0-rc.1")
        assert one.read("CHANGELOG.md") == before
        assert '"1.1.0-rc.1"' in one.read("pyproject.toml")

    def test_a_second_run_says_that_it_is_released(self, world: Releases) -> None:
        world.released("1.0.0")
        before = world.state()
        again = world.release("1.0.0", "--apply")
        assert (again.status, world.state()) == (0, before)
        assert "released already" in again.stdout

    def test_without_apply_a_clone_that_has_not_seen_its_release_stays_as_it_is(
        self, world: Releases
    ) -> None:
        world.released("1.0.0")
        world.git("reset", "--quiet", "--hard", "HEAD~1")
        before = world.state()
        assert "released already" in world.release("1.0.0").stdout
        assert world.state() == before

    def test_the_tag_has_the_text_of_the_release(self, world: Releases) -> None:
        world.released("1.0.0")
        text = world.git("tag", "--list", "--format=%(contents)", "v1.0.0")
        assert text.startswith("Release 1.0.0\n\n### Added")

    def test_what_workflows_can_see_is_told(self, one: Releases) -> None:
        one.change({"actions/greet/action.yml": f"{ACTION}  seen:\n    description: Who saw it.\n"})
        told = one.release("1.1.0").stdout
        assert "  actions/greet, greet: output `seen` is new\n" in told


def renamed(before: str, after: str) -> dict[str, Content]:
    return {"actions/greet/action.yml": ACTION.replace(f"  {before}:\n", f"  {after}:\n")}


COMMITTED: dict[str, tuple[Mapping[str, Content], str, str]] = {
    "a stale zip": ({"dependencies.zip": "old\n"}, "1.0.1", "Run scripts/vendor"),
    "stale docs": ({"README.md": "old\n"}, "1.0.1", "Run scripts/docs"),
    "nothing unreleased": (
        {"CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n"},
        "1.0.1",
        "has nothing below",
    ),
    "no heading": ({"CHANGELOG.md": "# Changelog\n"}, "1.0.1", "0 headings `## [Unreleased]`"),
    "no version": ({"pyproject.toml": "[project]\n"}, "1.0.1", "pyproject.toml has no line as"),
    "no smoke test": ({".github/workflows/release.yaml": None}, "1.0.1", "release.yaml cannot be read"),
    "backwards": ({}, "0.9.0", "1.0.0 is released. After 1.0.0 comes 1.0.1 or 1.1.0 or 2.0.0."),
    "left out": ({}, "1.2.0", "leaves versions out"),
    "an input that is gone": (
        renamed("loud", "quiet"),
        "1.1.0",
        "greet: input `loud` was removed or renamed",
    ),
    "an output that is gone": (renamed("heard", "seen"), "1.1.0", "output `heard` was removed"),
    "a link that is gone": ({"greet": None}, "1.1.0", "    greet: the action was removed"),
    "a feature in a fix": (
        {"actions/wave/action.yml": ACTION},
        "1.0.1",
        "actions/wave: the action is new",
    ),
}


@pytest.mark.parametrize(("files", "version", "reason"), COMMITTED.values(), ids=COMMITTED)
def test_what_is_committed_and_speaks_against_a_release_is_named(
    one: Releases, files: Mapping[str, Content], version: str, reason: str
) -> None:
    if files:
        one.change(files)
    before = one.state()
    result = one.release(version, "--apply")
    assert len(result.reasons) == 1, result.stderr
    assert reason in result.stderr
    assert one.state() == before


def test_what_breaks_workflows_may_come_with_a_major_version(one: Releases) -> None:
    one.change(renamed("loud", "quiet"))
    assert one.release("2.0.0").status == 0


LOCAL: dict[str, tuple[Callable[[Releases], object], str]] = {
    "changed": (lambda world: (world.clone / "README.md").write_text("fresh!\n"), "dirty: README.md."),
    "unknown": (lambda world: (world.clone / "notes.txt").touch(), "dirty: notes.txt."),
    "branch": (lambda world: world.git("switch", "--quiet", "--create", "fix"), "The checkout is of fix"),
    "behind": (lambda world: world.repository.commit({"a": "a"}), "is behind main"),
    "ahead": (
        lambda world: world.git("commit", "--quiet", "--allow-empty", "--message", "Mine"),
        "has commits that main",
    ),
}


@pytest.mark.parametrize(("disturb", "reason"), LOCAL.values(), ids=LOCAL)
def test_a_clone_that_is_not_as_the_remote_repository_is_refused(
    world: Releases, disturb: Callable[[Releases], object], reason: str
) -> None:
    disturb(world)
    result = world.release("1.0.0", "--apply")
    assert [reason in each for each in result.reasons] == [True], result.stderr
    assert world.tags() == {}


def test_all_that_speaks_against_a_release_is_told_at_once(one: Releases) -> None:
    one.change({"dependencies.zip": "old\n", "README.md": "old\n", **renamed("loud", "quiet")})
    (one.clone / "notes.txt").touch()
    result = one.release("1.0.1", "--apply")
    assert len(result.reasons) == 4, result.stderr
    assert "for 4 reasons" in result.stderr


def test_a_push_that_is_refused_leaves_nothing_behind(world: Releases) -> None:
    world.repository.protected.add("main")
    before = world.state()
    result = world.release("1.0.0", "--apply")
    assert result.status == 1
    assert "A rule protects main" in result.stderr
    assert world.state() == before


def test_a_commit_that_is_pushed_meanwhile_is_not_overwritten(world: Releases) -> None:
    def push(_call: object) -> None:
        world.repository.commit({"a": "a"}, "Theirs")

    # The push asks twice: for what is there, and to change it.
    world.github.on_call(lambda call: push(call) if call.name == "POST git-receive-pack" else None)
    result = world.release("1.0.0", "--apply")
    assert result.status == 1
    assert world.repository.log()[0].title == "Theirs"
    assert world.tags() == {}


def test_a_text_that_is_no_version_is_wrong_usage(world: Releases) -> None:
    assert world.release("1.0").status == 2


def calls_of_a_release() -> range:
    """Return the numbers of the calls that a release makes; a test below holds them to be right."""
    return range(1, 13)


@pytest.mark.parametrize("number", calls_of_a_release())
def test_after_a_kill_at_any_call_the_next_run_ends_as_if_nothing_had_been(
    world: Releases, number: int
) -> None:
    world.at_call(number, world.kill)
    assert world.release("1.0.0", "--apply").status < 0
    assert world.git("status", "--porcelain") == ""
    again = world.release("1.0.0", "--apply")
    assert again.status == 0, again.stderr
    assert [commit.title for commit in world.repository.log()] == ["Release 1.0.0", "Initial commit"]
    assert world.tags() == {"v1.0.0": world.repository.log()[0].sha}
    assert world.git("rev-parse", "HEAD", "v1.0.0^{commit}").split() == [world.repository.log()[0].sha] * 2


def test_a_release_makes_as_many_calls_as_are_killed_above(world: Releases) -> None:
    before = world.number
    world.released("1.0.0")
    assert world.number - before == len(calls_of_a_release())


class TestVerification:
    def test_what_scripts_release_pushed_is_a_release(self, world: Releases) -> None:
        world.released("1.0.0", "1.1.0-rc.1", "1.1.0")
        assert [world.on_github("--verify", each).status for each in ("1.0.0", "1.1.0-rc.1", "1.1.0")] == [
            0
        ] * 3

    def test_a_tag_that_somebody_made_by_hand_is_none(self, one: Releases) -> None:
        one.change({"dependencies.zip": "old\n", **renamed("loud", "quiet")})
        one.git("push", "--quiet", "origin", "HEAD:refs/tags/v1.0.1")
        result = one.on_github("--verify", "1.0.1")
        assert len(result.reasons) == 7
        for each in (
            "scripts/vendor",
            "`loud` was removed",
            "pyproject.toml carries",
            "headings `## [1.0.1]`",
        ):
            assert each in result.stderr

    def test_a_tag_that_is_not_on_main_is_none(self, one: Releases) -> None:
        one.git("switch", "--quiet", "--create", "side", "v1.0.0")
        one.git("commit", "--quiet", "--allow-empty", "--message", "Side")
        one.git("push", "--quiet", "origin", "HEAD:refs/tags/v1.0.1")
        assert "v1.0.1 is not on main. Delete the tag" in one.on_github("--verify", "1.0.1").stderr

    def test_a_tag_that_goes_backwards_is_none(self, world: Releases) -> None:
        world.released("1.0.0", "1.1.0")
        world.change({"a": "a"})
        world.git("push", "--quiet", "origin", "HEAD:refs/tags/v1.0.2")
        assert "1.0.2 goes backwards: 1.1.0 is released" in world.on_github("--verify", "1.0.2").stderr

    def test_another_commit_than_the_tags_is_refused(self, one: Releases) -> None:
        assert "is checked out. Check the tag out." in one.release("v1.0.0", "--verify").stderr


class TestPublication:
    def test_the_text_is_the_changelogs_each_paragraph_on_one_line(self, one: Releases) -> None:
        result = one.on_github("--publish", "1.0.0")
        (release,) = one.repository.releases
        assert (release.tag, release.name, release.prerelease) == ("v1.0.0", "v1.0.0", False)
        assert release.body == (
            "### Added\n\n- Action `greet`: says a word, to everybody.\n\n"
            f"Pinned by commit: `uses: {NAME}/build@{one.tags()['v1.0.0']} # v1.0.0`"
        )
        assert result.stdout == f"{one.github.server_url}/{NAME}/releases/tag/v1.0.0\n", result.stderr

    def test_a_second_run_changes_nothing(self, one: Releases) -> None:
        one.on_github("--publish", "1.0.0")
        assert one.on_github("--publish", "1.0.0").status == 0
        counts = one.github.counts()
        assert counts["POST /repos/{owner}/{repo}/releases"] == 1
        assert counts["PATCH /repos/{owner}/{repo}/releases/{release_id}"] == 0

    def test_a_release_that_says_something_else_is_brought_up_to_date(self, one: Releases) -> None:
        one.on_github("--publish", "1.0.0")
        one.repository.releases[0].body = "Something else"
        one.on_github("--publish", "1.0.0")
        assert (one.repository.releases[0].body or "").startswith("### Added")

    def test_an_answer_that_is_lost_makes_no_second_release(self, one: Releases) -> None:
        one.github.faults.add(kind="502", method="POST", path="/repos/{owner}/{repo}/releases", after=True)
        assert one.on_github("--publish", "1.0.0").status == 0
        assert len(one.repository.releases) == 1

    def test_a_pre_release_is_one_and_has_what_is_not_released_yet(self, one: Releases) -> None:
        one.released("1.1.0-rc.1")
        one.on_github("--publish", "1.1.0-rc.1")
        (release,) = one.repository.releases
        assert (release.prerelease, (release.body or "").splitlines()[2]) == (True, "- A wave.")

    def test_no_release_makes_a_tag(self, one: Releases) -> None:
        result = one.release("v1.0.1", "--publish", **one.job)
        assert (result.status, "v1.0.1" in one.tags()) == (1, False)

    @pytest.mark.parametrize(
        ("variable", "said"),
        [("GITHUB_TOKEN", "GITHUB_TOKEN is not set"), ("GITHUB_REPOSITORY", "owner/name")],
    )
    def test_a_variable_of_the_job_that_is_missing_is_named(
        self, one: Releases, variable: str, said: str
    ) -> None:
        assert said in one.on_github("--publish", "1.0.0", **{variable: ""}).stderr


class TestFloatingTags:
    def test_they_are_created_at_the_first_release(self, one: Releases) -> None:
        assert one.on_github("--move-tags", "1.0.0").stdout.count("created at") == 2
        tags = one.tags()
        assert tags == dict.fromkeys(("v1", "v1.0", "v1.0.0"), tags["v1.0.0"])

    def test_they_move_forwards_and_those_of_other_series_stay(self, one: Releases) -> None:
        one.on_github("--move-tags", "1.0.0")
        one.released("1.1.0", "2.0.0")
        for version in ("1.1.0", "2.0.0"):
            assert one.on_github("--move-tags", version).status == 0
        tags = one.tags()
        at = {
            tag: next(exact for exact in tags if exact.count(".") > 1 and tags[exact] == tags[tag])
            for tag in tags
        }
        assert at == {
            "v1": "v1.1.0",
            "v1.0": "v1.0.0",
            "v1.1": "v1.1.0",
            "v2": "v2.0.0",
            "v2.0": "v2.0.0",
            **{exact: exact for exact in ("v1.0.0", "v1.1.0", "v2.0.0")},
        }

    def test_they_do_not_move_backwards(self, one: Releases) -> None:
        one.released("1.0.1")
        one.on_github("--move-tags", "1.0.1")
        before = one.tags()
        late = one.on_github("--move-tags", "1.0.0")
        assert (late.status, late.stdout.count("left at a newer release"), one.tags()) == (0, 2, before)

    def test_a_second_run_changes_nothing(self, one: Releases) -> None:
        one.on_github("--move-tags", "1.0.0")
        before = one.tags()
        assert one.on_github("--move-tags", "1.0.0").stdout.count("already") == 2
        assert one.tags() == before

    def test_a_pre_release_moves_none(self, one: Releases) -> None:
        one.on_github("--move-tags", "1.0.0")
        one.released("1.1.0-rc.1")
        before = one.tags()
        result = one.on_github("--move-tags", "1.1.0-rc.1")
        assert (result.status, one.tags()) == (0, before)
        assert "no tag moves" in result.stdout

    def test_one_that_was_put_elsewhere_is_not_moved(self, one: Releases) -> None:
        one.repository.commit({"a": "a"}, "Elsewhere", branch="elsewhere")
        one.repository.update_ref("refs/tags/v1", one.repository.branches()["elsewhere"])
        one.released("1.0.1")
        result = one.on_github("--move-tags", "1.0.1")
        assert (result.status, one.tags()["v1"]) == (1, one.repository.branches()["elsewhere"])
        assert "not a fast forward" in result.stderr
