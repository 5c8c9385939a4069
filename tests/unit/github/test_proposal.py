"""The pull requests that change repositories."""

from dataclasses import replace

import pytest

from hub_image_actions.errors import ActionError, BranchConflict, GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.proposal import Proposal, propose
from hub_image_actions.github.snapshot import snapshot
from hub_image_actions.http import Http
from local_github import LocalGitHub, Repository

NAME = "hubs/data100-user-image"
BRANCH = "hub-image-actions/lint"
MARKER = "<!-- hub-image-actions lint -->"
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


def writes(server: LocalGitHub) -> list[str]:
    return [call.name for call in server.calls if call.method not in {"GET"}]


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
