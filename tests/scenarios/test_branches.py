"""The branch of a bump: made, left alone or updated, and never taken from somebody else."""

import pytest

from local_github.calls import Call
from scenarios.deployments import EMAIL, IMAGE_PATH, Deployments

GITHUB = "noreply@github.com"
BOT = f"github-actions[bot] <{EMAIL}>"


def our_branch(world: Deployments, content: bytes = b"images: {}\n") -> str:
    """Make the branch as an earlier run would have left it, with another tree; return its commit."""
    message = f"update data100 image tag to {world.new}\n\n- x\n\nImage: {world.image}\n"
    return world.repository.commit(
        {"deployments/data100/hubploy.yaml": content}, message, world.branch, author=BOT
    )


def test_a_branch_with_the_same_tree_is_left_alone(deployments: Deployments) -> None:
    deployments.bump(open_pull_request="false")
    before = deployments.repository.sha(f"refs/heads/{deployments.branch}")
    deployments.calls()
    assert deployments.bump().outputs["commit"] == before
    assert "POST git-receive-pack" not in deployments.calls()
    deployments.assert_bumped()


def test_a_branch_of_ours_with_another_tree_is_updated(deployments: Deployments) -> None:
    older = our_branch(deployments)
    commit = deployments.bump().outputs["commit"]
    assert deployments.repository.branches()[deployments.branch] == commit != older
    deployments.assert_bumped()


def test_the_pull_request_of_a_branch_that_is_updated_stays_and_is_brought_up_to_date(
    deployments: Deployments,
) -> None:
    our_branch(deployments)
    deployments.ask(
        "POST", "/pulls", title="x", head=deployments.branch, base="staging", body=deployments.marker()
    )
    assert deployments.bump().outputs["pull-request-number"] == "1"
    assert deployments.open_pulls()[0].title == f"update data100 image tag to {deployments.new}"
    deployments.assert_bumped()


def test_commits_by_somebody_else_are_never_overwritten(deployments: Deployments) -> None:
    our_branch(deployments)
    theirs = deployments.repository.commit(
        {"a": b"1"}, "Tune the memory", deployments.branch, "Bo <bo@x.org>"
    )
    error = deployments.bump().error
    assert f"{theirs[:12]} 'Tune the memory' by bo@x.org" in error
    assert "another name in `branch`" in error
    assert deployments.repository.branches()[deployments.branch] == theirs


def test_a_commit_by_somebody_else_below_one_of_ours_is_not_overwritten(deployments: Deployments) -> None:
    deployments.repository.commit({"a": b"1"}, "Tune the memory", deployments.branch, "Bo <bo@x.org>")
    ours = our_branch(deployments)
    assert "Tune the memory" in deployments.bump().error
    assert deployments.repository.branches()[deployments.branch] == ours


def test_two_images_with_one_branch_do_not_overwrite_each_other(deployments: Deployments) -> None:
    deployments.bump()
    other = f"{deployments.registry.host}/{IMAGE_PATH}-two"
    deployments.repository.commit({"deployments/two/x.yaml": f"image: {other}:1\n".encode()})
    before = deployments.repository.branches()
    error = deployments.bump(image=other, verify_image="false").error
    assert "carries the bump of another image" in error
    assert "branch: update-{image}-tag-{tag}" in error
    assert deployments.repository.branches() == before


def test_the_base_branch_may_move_between_clone_and_push(deployments: Deployments) -> None:
    base = deployments.repository.sha("refs/heads/staging")

    def move(call: Call) -> None:
        if call.name == "POST git-receive-pack":
            deployments.repository.commit({"docs/news.md": b"new\n"}, "meanwhile")

    deployments.github.on_call(move)
    assert deployments.bump().notice
    (pull,) = deployments.open_pulls()
    assert pull.commits()[0].parents == (base,)
    assert [file.path for file in pull.files()] == sorted(file.path for file in pull.files())
    assert "docs/news.md" not in {file.path for file in pull.files()}


def test_a_run_after_the_base_branch_moved_brings_the_branch_up_to_date(deployments: Deployments) -> None:
    deployments.bump()
    deployments.repository.commit({"docs/news.md": b"new\n"}, "meanwhile")
    deployments.bump()
    deployments.assert_bumped()
    assert deployments.files(deployments.branch)["docs/news.md"] == "new\n"


def test_somebody_pushing_the_branch_at_the_same_moment_is_not_overwritten(deployments: Deployments) -> None:
    pushed: list[str] = []

    def push(call: Call) -> None:
        if call.name == "POST git-receive-pack" and not pushed:
            pushed.append(
                deployments.repository.commit({"a": b"1"}, "Mine", deployments.branch, "Bo <bo@x.org>")
            )

    deployments.github.on_call(push)
    assert "'Mine' by bo@x.org" in deployments.bump().error
    assert deployments.repository.branches()[deployments.branch] == pushed[0]


def test_the_same_bump_pushed_at_the_same_moment_will_do(deployments: Deployments) -> None:
    def push(call: Call) -> None:
        if (
            call.name == "POST git-receive-pack"
            and deployments.branch not in deployments.repository.branches()
        ):
            files = {path: text.encode() for path, text in deployments.expected().items()}
            deployments.repository.commit(files, "the same", deployments.branch, BOT)

    deployments.github.on_call(push)
    assert deployments.bump().notice
    assert deployments.files(deployments.branch) == deployments.expected()
    assert len(deployments.open_pulls()) == 1


def test_a_push_refused_once_is_tried_again(deployments: Deployments) -> None:
    fault = deployments.github.faults.add("refuse-push", path="git-receive-pack", message="try again later")
    assert deployments.bump().notice
    assert fault.fired == 1
    deployments.assert_bumped()


def test_a_push_refused_for_ever_is_an_error_with_the_reason(deployments: Deployments) -> None:
    deployments.github.faults.add(
        "refuse-push", path="git-receive-pack", message="error: GH013: no bumps on Fridays", times=100
    )
    error = deployments.bump().error
    assert "GH013: no bumps on Fridays" in error
    assert deployments.calls().count("POST git-receive-pack") == 1
    assert not deployments.repository.pulls


def test_a_push_refused_for_ever_without_a_known_reason_is_given_up(deployments: Deployments) -> None:
    deployments.github.faults.add(
        "refuse-push", path="git-receive-pack", message="the disk is full", times=100
    )
    assert "the disk is full" in deployments.bump().error
    assert not deployments.repository.pulls


def test_a_protected_branch_is_an_error_that_says_what_to_do(deployments: Deployments) -> None:
    deployments.repository.protected.add(deployments.branch)
    error = deployments.bump().error
    assert "GH006" in error
    assert "choose another in `branch`" in error
    assert not deployments.repository.pulls


def test_a_branch_that_is_a_folder_of_another_is_an_error(deployments: Deployments) -> None:
    deployments.repository.commit({"a": b"1"}, branch="bumps")
    error = deployments.bump(branch="bumps/data100").error
    assert "stands in the way: choose another in `branch`" in error
    assert deployments.calls().count("POST git-receive-pack") == 1
    assert not deployments.repository.pulls


def test_a_branch_whose_name_only_ends_the_same_is_another_one(deployments: Deployments) -> None:
    deployments.repository.commit({"a": b"1"}, branch=f"a/refs/heads/{deployments.branch}")
    assert deployments.bump().notice
    assert deployments.branch in deployments.repository.branches()


@pytest.mark.parametrize(
    "config",
    [
        '[url "http://127.0.0.1:1/"]\n insteadOf = {server}\n pushInsteadOf = {server}\n',
        '[http "{server}/"]\n extraHeader = Authorization: Basic bm9ib2R5Om5vYm9keQ==\n',
        "[core]\n autocrlf = true\n hooksPath = {home}/hooks\n",
        "[commit]\n gpgSign = true\n",
        "[init]\n templateDir = {home}/template\n",
        "[push]\n default = nothing\n followTags = true\n[protocol]\n version = 0\n",
        "[credential]\n helper = !touch {home}/asked\n",
    ],
    ids=["insteadOf", "extraHeader", "core", "gpgSign", "templateDir", "push", "credential"],
)
def test_the_git_configuration_of_the_machine_does_not_matter(deployments: Deployments, config: str) -> None:
    home = deployments.folder / "home"
    for hook in (
        "hooks/pre-push",
        "hooks/pre-commit",
        "template/hooks/pre-commit",
        "template/hooks/post-checkout",
    ):
        (home / hook).parent.mkdir(parents=True, exist_ok=True)
        (home / hook).write_text(f"#!/bin/sh\ntouch {home}/ran\nexit 1\n")
        (home / hook).chmod(0o755)
    (home / ".gitconfig").write_text(config.format(server=deployments.github.server_url, home=home))
    assert deployments.bump({"HOME": str(home)}).notice
    deployments.assert_bumped()
    assert not (home / "ran").exists()
    assert not (home / "asked").exists()


def test_git_variables_of_the_job_do_not_matter(deployments: Deployments) -> None:
    folder = deployments.folder
    environ = {
        "GIT_DIR": str(folder / "elsewhere"),
        "GIT_WORK_TREE": str(folder),
        "GIT_INDEX_FILE": str(folder / "index"),
        "GIT_TRACE_CURL": "1",
        "GIT_TRACE_REDACT": "0",
        "GIT_AUTHOR_EMAIL": "somebody@example.org",
        "GIT_CONFIG_PARAMETERS": "'core.bare=true'",
    }
    assert deployments.bump(environ).notice
    deployments.assert_bumped()


def test_a_signed_commit_is_made_by_github_and_found_again(deployments: Deployments) -> None:
    first = deployments.bump(sign_commits="true")
    assert first.status == 0, first.log
    (commit,) = deployments.open_pulls()[0].commits()
    assert commit.committer.email == "noreply@github.com"
    assert "POST git-receive-pack" not in deployments.calls()
    again = deployments.bump(sign_commits="true")
    assert again.outputs["commit"] == first.outputs["commit"]
    assert "which has these changes already" in again.log
    deployments.assert_bumped(GITHUB)


def test_a_signed_commit_takes_the_place_of_one_of_ours_and_of_nobody_elses(deployments: Deployments) -> None:
    older = our_branch(deployments)
    assert deployments.bump(sign_commits="true").outputs["commit"] != older
    deployments.assert_bumped(GITHUB)
    theirs = deployments.repository.commit({"a": b"1"}, "Tune", deployments.branch, "Bo <bo@x.org>")
    assert f"{theirs[:12]} 'Tune' by bo@x.org" in deployments.bump(sign_commits="true").error
