"""Repositories as they are, and the pull requests that change them."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub_image_actions.errors import ActionError, BranchConflict, GitHubError
from hub_image_actions.github import archives
from hub_image_actions.github.archives import ArchiveError, read_archive
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.proposal import Proposal, propose
from hub_image_actions.github.snapshot import EmptyRepository, Snapshot, repositories_of, snapshot
from hub_image_actions.http import Http
from local_github import LocalGitHub, Repository

NAME = "hubs/data100-user-image"
BRANCH = "hub-image-actions/lint"
MARKER = "<!-- hub-image-actions lint -->"
COMMIT = "ab" * 20
FILES: dict[str, str | tuple[str, bytes]] = {
    "README.md": "# Data 100\n",
    "start": ("100755", b"#!/bin/sh\n"),
    "link": ("120000", b"README.md"),
    "docs/index.md": "text\n",
    ".github/workflows/build.yaml": "on: push\n",
}
PROPOSAL = Proposal(
    branch=BRANCH,
    title="Check notebooks",
    body="They are checked now.",
    marker=MARKER,
    files={
        "start": b"#!/bin/bash\n",
        "docs/index.md": None,
        "new/data": b"\xff\x00",
        "README.md": b"# Data 100\n",
    },
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalGitHub]:
    with LocalGitHub(tmp_path / "github") as running:
        yield running
        assert running.problems == []


@pytest.fixture
def repository(server: LocalGitHub) -> Repository:
    return server.create_repository(NAME, FILES, topics=["hub-image"])


@pytest.fixture
def github(server: LocalGitHub) -> Iterator[GitHub]:
    with Http() as http:
        token = server.create_token("alice", "personal")
        yield GitHub(http, server.api_url, server.server_url, token)


def writes(server: LocalGitHub) -> list[str]:
    return [call.name for call in server.calls if call.method not in {"GET"}]


# ---- snapshots


@pytest.mark.parametrize("private", [False, True])
def test_a_snapshot_takes_two_calls_of_the_api(
    github: GitHub, server: LocalGitHub, repository: Repository, private: bool
) -> None:
    repository.private = private
    there = snapshot(github, NAME)
    assert server.counts() == {
        "GET /repos/{owner}/{repo}": 1,
        "GET /repos/{owner}/{repo}/tarball/{ref}": 1,
        "GET codeload": 1,
    }
    assert (there.commit, there.private) == (repository.branches()["main"], private)
    assert dict(there.files) == {
        "README.md": b"# Data 100\n",
        "start": b"#!/bin/sh\n",
        "docs/index.md": b"text\n",
        ".github/workflows/build.yaml": b"on: push\n",
    }
    assert (set(there.programs), set(there.left_out)) == ({"start"}, {"link"})


def test_a_snapshot_is_of_the_default_branch_even_if_a_tag_has_its_name(
    github: GitHub, repository: Repository
) -> None:
    repository.update_ref("refs/tags/main", repository.branches()["main"])
    sha = repository.commit({"more": "x"})
    assert snapshot(github, NAME).commit == sha


def test_a_snapshot_has_the_name_that_github_writes(github: GitHub, repository: Repository) -> None:
    assert snapshot(github, NAME.upper()).full_name == NAME


def test_a_file_of_more_than_a_mebibyte_is_left_out(github: GitHub, repository: Repository) -> None:
    repository.commit({"small": b"0" * archives.LARGEST_FILE, "large": b"0" * (archives.LARGEST_FILE + 1)})
    there = snapshot(github, NAME)
    assert ("small" in there.files, set(there.left_out)) == (True, {"link", "large"})


def test_a_repository_without_commits_has_no_snapshot(github: GitHub, server: LocalGitHub) -> None:
    server.create_repository("hubs/empty")
    with pytest.raises(EmptyRepository, match="hubs/empty has no commit on its default branch 'main'"):
        snapshot(github, "hubs/empty")


def test_a_repository_that_is_not_there_is_an_error(github: GitHub) -> None:
    with pytest.raises(GitHubError, match="Check the name"):
        snapshot(github, "hubs/none")


def packed(*members: tuple[str, bytes], commit: str = COMMIT, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return an archive with these files."""
    target = io.BytesIO()
    headers = {"comment": commit} if commit else {}
    with tarfile.open(fileobj=target, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers=headers) as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size, member.type = len(content), kind
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def test_an_archive_gives_files_and_commit() -> None:
    read = read_archive(packed(("o-r-ab/a", b"1"), ("o-r-ab/b/c", b"2")), "o/r")
    assert (read.commit, dict(read.files)) == (COMMIT, {"a": b"1", "b/c": b"2"})


@pytest.mark.parametrize(
    "name", ["o-r-ab/../x", "o-r-ab/a/../../x", "o-r-ab//x", "o-r-ab/./x", "x", "../x/.."]
)
def test_a_path_that_leads_out_of_the_archive_is_an_error(name: str) -> None:
    with pytest.raises(ArchiveError, match="leads out of it"):
        read_archive(packed((name, b"1")), "o/r")


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_what_is_no_regular_file_is_left_out(kind: bytes) -> None:
    read = read_archive(packed(("o-r-ab/x", b""), kind=kind), "o/r")
    assert (len(read.files), set(read.left_out)) == (0, {"x"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        gzip.compress(b"no archive" * 100),
        packed(("o-r-ab/x", bytes(range(256)) * 90))[:-9],
        packed(("o-r-ab/x", b"1"))[:-8] + b"\0" * 8,
    ],
    ids=["empty", "no gzip", "no tar", "cut off", "wrong checksum"],
)
def test_a_damaged_archive_is_an_error(content: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"The archive of o/r is damaged"):
        read_archive(content, "o/r")


def test_an_archive_that_names_no_commit_is_an_error() -> None:
    with pytest.raises(ArchiveError, match="which commit"):
        read_archive(packed(("o-r-ab/x", b"1"), commit=""), "o/r")


@pytest.mark.parametrize("limit", ["LARGEST_ARCHIVE", "_MOST_UNPACKED"])
def test_an_archive_has_a_largest_size(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    content = packed(("o-r-ab/x", b"0" * 100_000))
    monkeypatch.setattr(archives, limit, len(content) - 1)
    with pytest.raises(ArchiveError, match="larger than"):
        read_archive(content, "o/r")


# ---- lists


def test_repositories_of_an_owner_come_sorted_and_without_archived_ones(
    github: GitHub, server: LocalGitHub, repository: Repository
) -> None:
    server.create_repository("hubs/Biology", topics=["hub-image"])
    server.create_repository("hubs/zoo")
    server.create_repository("hubs/old", archived=True, topics=["hub-image"])
    assert repositories_of(github, "hubs") == ("hubs/Biology", NAME, "hubs/zoo")
    assert repositories_of(github, "hubs", "Hub-Image") == ("hubs/Biology", NAME)


def test_repositories_of_a_person_are_found(github: GitHub, server: LocalGitHub) -> None:
    server.create_user("bob")
    server.create_repository("bob/image")
    assert repositories_of(github, "bob") == ("bob/image",)


def test_an_owner_who_is_not_there_is_an_error(github: GitHub) -> None:
    with pytest.raises(GitHubError, match="404"):
        repositories_of(github, "nobody")


# ---- proposals


def test_a_proposal_becomes_one_commit_and_one_pull_request(github: GitHub, repository: Repository) -> None:
    proposed = propose(github, snapshot(github, NAME), replace(PROPOSAL, labels=("fleet",)), apply=True)
    (pull,) = repository.pulls
    assert proposed.status == "opened"
    assert proposed.pull
    assert (proposed.pull.number, proposed.pull.commit) == (pull.number, repository.branches()[BRANCH])
    assert (pull.title, pull.body) == ("Check notebooks", f"They are checked now.\n\n{MARKER}")
    assert [label.name for label in pull.labels] == ["fleet"]
    assert {change.path: change.status for change in pull.files()} == {
        "docs/index.md": "removed",
        "new/data": "added",
        "start": "modified",
    }
    (commit,) = pull.commits()
    assert (commit.title, commit.parents) == ("Check notebooks", (repository.branches()["main"],))
    assert repository.read(BRANCH, "new/data") == b"\xff\x00"


def test_files_keep_their_modes_and_new_programs_can_be_run(github: GitHub, repository: Repository) -> None:
    proposal = replace(
        PROPOSAL, files={"start": b"x", "run": b"y", "text": b"z"}, programs=frozenset({"run"})
    )
    propose(github, snapshot(github, NAME), proposal, apply=True)
    modes = {entry.path: entry.mode for entry in repository.tree(BRANCH)}
    assert [modes[path] for path in ("start", "run", "text", "link")] == [
        "100755",
        "100755",
        "100644",
        "120000",
    ]


def test_without_apply_nothing_is_written(
    github: GitHub, server: LocalGitHub, repository: Repository
) -> None:
    there = snapshot(github, NAME)
    assert propose(github, there, PROPOSAL, apply=False).status == "would open"
    assert writes(server) == []
    propose(github, there, PROPOSAL, apply=True)
    server.calls.clear()
    other = replace(PROPOSAL, files={"README.md": b"other"})
    assert propose(github, there, other, apply=False).status == "would update"
    assert writes(server) == []


def test_a_second_run_changes_nothing(github: GitHub, server: LocalGitHub, repository: Repository) -> None:
    first = propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    server.calls.clear()
    second = propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    assert (second.status, second.pull) == ("unchanged", first.pull)
    assert writes(server) == []


def test_what_is_as_proposed_already_needs_no_pull_request(github: GitHub, repository: Repository) -> None:
    proposal = replace(PROPOSAL, files={"README.md": b"# Data 100\n", "none": None})
    proposed = propose(github, snapshot(github, NAME), proposal, apply=True)
    assert (proposed.status, proposed.pull, repository.pulls) == ("unchanged", None, [])


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"body": "Other"},
        {"labels": ("fleet",)},
        {"files": {"README.md": b"other"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_proposal_that_changed_updates_its_pull_request(
    github: GitHub, repository: Repository, change: dict[str, object]
) -> None:
    there = snapshot(github, NAME)
    propose(github, there, PROPOSAL, apply=True)
    proposed = propose(github, there, replace(PROPOSAL, **change), apply=True)  # type: ignore[arg-type]  # one field
    (pull,) = repository.pulls
    assert (proposed.status, len(pull.commits())) == ("updated", 1)
    assert proposed.pull
    assert (proposed.pull.title, proposed.pull.commit) == (pull.title, pull.head_sha)
    assert propose(github, there, replace(PROPOSAL, **change), apply=True).status == "unchanged"  # type: ignore[arg-type]  # one field


def test_line_ends_of_githubs_page_are_no_change(github: GitHub, repository: Repository) -> None:
    proposal = replace(PROPOSAL, body="One\n\nTwo")
    propose(github, snapshot(github, NAME), proposal, apply=True)
    repository.pulls[0].body = str(repository.pulls[0].body).replace("\n", "\r\n") + "\r\n"
    assert propose(github, snapshot(github, NAME), proposal, apply=True).status == "unchanged"


def test_a_default_branch_that_moved_on_elsewhere_leaves_the_branch(
    github: GitHub, repository: Repository
) -> None:
    propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    before = repository.branches()[BRANCH]
    repository.commit({"environment.yml": "x"})
    assert propose(github, snapshot(github, NAME), PROPOSAL, apply=True).status == "unchanged"
    assert repository.branches()[BRANCH] == before


def test_a_default_branch_that_changed_the_same_files_moves_the_branch(
    github: GitHub, repository: Repository
) -> None:
    propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    repository.commit({"start": "#!/bin/zsh\n"})
    assert propose(github, snapshot(github, NAME), PROPOSAL, apply=True).status == "updated"
    (commit,) = repository.pulls[0].commits()
    assert commit.parents == (repository.branches()["main"],)


def test_a_branch_that_somebody_brought_up_to_date_is_left(github: GitHub, repository: Repository) -> None:
    propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    main = repository.commit({"environment.yml": "x"})
    head = repository.branches()[BRANCH]
    tree = repository.merged_tree(main, head)
    person = repository.commit_object(main).author
    merged = repository.write_commit(str(tree), [head, main], "Merge branch 'main'", person, person)
    repository.update_ref(f"refs/heads/{BRANCH}", merged)
    assert propose(github, snapshot(github, NAME), PROPOSAL, apply=True).status == "unchanged"


@pytest.mark.parametrize("apply", [False, True])
def test_a_commit_of_somebody_else_is_never_overwritten(
    github: GitHub, server: LocalGitHub, repository: Repository, apply: bool
) -> None:
    propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    repository.commit({"extra": "x"}, "Mine", BRANCH, "Bob <bob@example.org>")
    server.calls.clear()
    with pytest.raises(BranchConflict, match=r"not ours: .* 'Mine' by bob@example.org"):
        propose(github, snapshot(github, NAME), PROPOSAL, apply=apply)
    assert writes(server) == []


def test_a_commit_of_ours_that_somebody_amended_is_not_ours(github: GitHub, repository: Repository) -> None:
    propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    ours = repository.commit_object(repository.branches()[BRANCH])
    other = repository.commit({"extra": "x"}, branch="other")
    tree = repository.commit_object(other).tree
    amended = repository.write_commit(tree, ours.parents, ours.message, ours.author, ours.committer)
    repository.update_ref(f"refs/heads/{BRANCH}", amended)
    with pytest.raises(BranchConflict, match="Merge or delete that branch"):
        propose(github, snapshot(github, NAME), PROPOSAL, apply=True)


def test_a_branch_without_a_common_commit_is_not_ours(github: GitHub, repository: Repository) -> None:
    person = repository.commit_object(repository.branches()["main"]).author
    tree = repository.commit_object(repository.branches()["main"]).tree
    repository.update_ref(f"refs/heads/{BRANCH}", repository.write_commit(tree, [], "x", person, person))
    with pytest.raises(BranchConflict, match=BRANCH):
        propose(github, snapshot(github, NAME), PROPOSAL, apply=True)


def test_a_pull_request_without_the_marker_is_somebody_elses(github: GitHub, repository: Repository) -> None:
    propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    repository.pulls[0].body = "mine"
    with pytest.raises(BranchConflict, match="/pull/1 was opened"):
        propose(github, snapshot(github, NAME), PROPOSAL, apply=True)


def test_a_pull_request_that_was_closed_is_opened_again_only_with_other_changes(
    github: GitHub, repository: Repository
) -> None:
    propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    repository.pulls[0].close()
    declined = propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    assert (declined.status, declined.pull and declined.pull.is_open) == ("unchanged", False)
    other = replace(PROPOSAL, files={"README.md": b"other"})
    assert propose(github, snapshot(github, NAME), other, apply=True).status == "opened"
    assert [pull.state for pull in repository.pulls] == ["closed", "open"]


def test_a_pull_request_that_was_merged_does_not_count_as_declined(
    github: GitHub, repository: Repository
) -> None:
    propose(github, snapshot(github, NAME), PROPOSAL, apply=True)
    pull = repository.pulls[0]
    pull.mark_merged(pull.head_sha, None)
    assert propose(github, snapshot(github, NAME), PROPOSAL, apply=True).status == "opened"


CREATING = [
    "/repos/{owner}/{repo}/git/trees",
    "/repos/{owner}/{repo}/git/commits",
    "/repos/{owner}/{repo}/git/refs",
    "/repos/{owner}/{repo}/pulls",
    "/repos/{owner}/{repo}/issues/{issue_number}/labels",
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("path", CREATING)
def test_a_run_that_broke_off_is_finished_by_the_next(
    github: GitHub, server: LocalGitHub, repository: Repository, path: str, after: bool
) -> None:
    server.faults.add("status", "POST", path, status=403, message="broken", after=after)
    proposal = replace(PROPOSAL, labels=("fleet",))
    with pytest.raises(GitHubError, match="broken"):
        propose(github, snapshot(github, NAME), proposal, apply=True)
    assert propose(github, snapshot(github, NAME), proposal, apply=True).status in {
        "opened",
        "updated",
        "unchanged",
    }
    (pull,) = repository.pulls
    assert (len(pull.commits()), [label.name for label in pull.labels]) == (1, ["fleet"])


@pytest.mark.parametrize(
    ("path", "reason"), [("link", "a link"), ("README.md/x", "file"), ("link/x", "link")]
)
def test_a_path_that_cannot_be_written_is_an_error(
    github: GitHub, repository: Repository, path: str, reason: str
) -> None:
    with pytest.raises(ActionError, match=f"{path} of {NAME} cannot be written: .*{reason}"):
        propose(github, snapshot(github, NAME), replace(PROPOSAL, files={path: b"x"}), apply=True)


def test_a_link_can_be_deleted(github: GitHub, repository: Repository) -> None:
    propose(github, snapshot(github, NAME), replace(PROPOSAL, files={"link": None}), apply=True)
    assert "link" not in repository.paths(BRANCH)


def test_an_archived_repository_is_an_error(github: GitHub, repository: Repository) -> None:
    repository.archived = True
    with pytest.raises(ActionError, match="is archived"):
        propose(github, snapshot(github, NAME), PROPOSAL, apply=True)


@pytest.mark.parametrize("kind", ["personal", "installation"])
def test_a_token_that_may_not_change_workflows_is_told_so(
    server: LocalGitHub, repository: Repository, kind: str
) -> None:
    token = server.create_token(kind=kind, permissions={"contents": "write", "pull_requests": "write"})
    proposal = replace(PROPOSAL, files={".github/workflows/build.yaml": b"on: pull_request\n"})
    with Http() as http:
        github = GitHub(http, server.api_url, server.server_url, token)
        there = snapshot(github, NAME)
        with pytest.raises(GitHubError, match="scope `workflow`"):
            propose(github, there, proposal, apply=True)


def test_a_snapshot_does_not_print_its_files() -> None:
    assert "secret" not in repr(Snapshot("o/r", "main", COMMIT, False, False, {"a": b"secret"}))
