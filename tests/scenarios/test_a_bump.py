"""A bump that ends well: what is in the deployments repository afterwards, and what the workflow is told."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenarios.action import Result
from scenarios.deployments import EMAIL, IMAGE_NAME, IMAGE_PATH, LOGIN, MOVED_HUBS, Deployments
from testbed.registry import Registry

# The calls of a bump that labels, asks for a review and supersedes one older pull request, in their order.
NORMAL_RUN = [
    "GET /repos/{owner}/{repo}",
    "GET /repos/{owner}/{repo}/branches/{branch}",
    "GET /user",
    "GET info/refs",
    "POST /repos/{owner}/{repo}/pulls",
    "GET info/refs",
    "POST git-upload-pack",
    "POST git-upload-pack",
    "GET info/refs",
    "POST git-upload-pack",
    "GET /repos/{owner}/{repo}/compare/{basehead}",
    "GET info/refs",
    "POST git-upload-pack",
    "GET info/refs",
    "POST git-receive-pack",
    "GET /repos/{owner}/{repo}/pulls",
    "POST /repos/{owner}/{repo}/pulls",
    "POST /repos/{owner}/{repo}/issues/{issue_number}/labels",
    "POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
    "GET /repos/{owner}/{repo}/pulls",
    "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "POST /repos/{owner}/{repo}/issues/{issue_number}/comments",
    "DELETE /repos/{owner}/{repo}/git/refs/{ref}",
    "PATCH /repos/{owner}/{repo}/pulls/{pull_number}",
]


class Bumped:
    """A world in which the action ran once, and well."""

    def __init__(self, world: Deployments) -> None:
        world.older_pull()
        world.calls()
        self.world = world
        self.result: Result = world.bump(labels="image bump\nhubs", reviewers="alice")
        self.calls = world.calls()

    @property
    def pull(self) -> Any:
        (pull,) = self.world.open_pulls()
        return pull


@pytest.fixture(scope="module")
def bumped(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[Bumped]:
    with Deployments(tmp_path_factory.mktemp("bumped"), registry) as world:
        yield Bumped(world)


def test_it_ends_well(bumped: Bumped) -> None:
    assert bumped.result.notice.startswith(f"data100-user-image moves to {bumped.world.new} in data100, dev")


def test_every_shape_moves_and_nothing_else(bumped: Bumped) -> None:
    assert bumped.world.files(bumped.world.branch) == bumped.world.expected()


def test_there_is_one_commit_on_the_base_branch(bumped: Bumped) -> None:
    (commit,) = bumped.pull.commits()
    assert commit.parents == (bumped.world.repository.sha("refs/heads/staging"),)


def test_the_commit_names_the_files_and_the_image(bumped: Bumped) -> None:
    message = bumped.pull.commits()[0].message
    assert message.startswith(f"update data100 image tag to {bumped.world.new}\n\n- deployments/data100/")
    assert message.endswith(f"\n\nImage: {bumped.world.image}")


def test_the_commit_is_the_bots(bumped: Bumped) -> None:
    commit = bumped.pull.commits()[0]
    assert (commit.author.name, commit.author.email) == ("github-actions[bot]", EMAIL)
    assert commit.committer == commit.author


def test_the_title_names_hub_and_tag(bumped: Bumped) -> None:
    assert bumped.pull.title == f"update data100 image tag to {bumped.world.new}"


def test_the_body_carries_the_marker(bumped: Bumped) -> None:
    assert bumped.pull.body.endswith(bumped.world.marker())


def test_the_body_names_every_hub(bumped: Bumped) -> None:
    assert all(f"| **{hub}** |" in bumped.pull.body for hub in MOVED_HUBS)


def test_the_body_names_the_profile(bumped: Bumped) -> None:
    assert r"Data 100 \| new" in bumped.pull.body


def test_the_body_links_the_comparison_in_the_images_repository(bumped: Bumped) -> None:
    world = bumped.world
    assert f"{world.github.server_url}/{IMAGE_NAME}/compare/{world.old}...{world.new}" in bumped.pull.body


def test_the_body_lists_the_pull_requests_merged_between(bumped: Bumped) -> None:
    url = f"{bumped.world.github.server_url}/{IMAGE_NAME}/pull"
    assert f"[#7]({url}/7)" in bumped.pull.body
    assert f"[#8]({url}/8) Fix the build" in bumped.pull.body


def test_the_body_shows_a_title_of_the_images_repository_literally(bumped: Bumped) -> None:
    assert "<b>" not in bumped.pull.body
    assert "@alice" not in bumped.pull.body


def test_the_body_gives_the_digest(bumped: Bumped) -> None:
    assert bumped.world.digest in bumped.pull.body


def test_the_body_links_the_run(bumped: Bumped) -> None:
    assert f"{bumped.world.github.server_url}/{IMAGE_NAME}/actions/runs/77" in bumped.pull.body


def test_the_pull_request_has_the_labels(bumped: Bumped) -> None:
    assert [label.name for label in bumped.pull.labels] == ["image bump", "hubs"]


def test_the_pull_request_asks_for_a_review(bumped: Bumped) -> None:
    assert [user.login for user in bumped.pull.reviewers] == ["alice"]


def test_the_pull_request_is_no_draft_and_by_the_token(bumped: Bumped) -> None:
    assert (bumped.pull.draft, bumped.pull.user.login, bumped.pull.base) == (False, LOGIN, "staging")


def test_the_outputs_say_what_was_done(bumped: Bumped) -> None:
    world, outputs = bumped.world, dict(bumped.result.outputs)
    assert set(outputs.pop("hubs").split("\n")) == MOVED_HUBS
    assert outputs.pop("files").split("\n") == [file.path for file in bumped.pull.files()]
    assert set(outputs.pop("old-tags").split("\n")) == {world.old, "PLACEHOLDER"}
    assert outputs == {
        "changed": "true",
        "pull-request-number": "2",
        "pull-request-url": f"{world.github.server_url}/berkeley-dsep-infra/datahub/pull/2",
        "branch": world.branch,
        "commit": bumped.pull.head_sha,
    }


def test_the_summary_shows_the_same_as_the_pull_request(bumped: Bumped) -> None:
    assert bumped.pull.body.removesuffix(bumped.world.marker()).strip() in bumped.result.summary


def test_the_log_shows_the_diff(bumped: Bumped) -> None:
    assert f'+      tag: "{bumped.world.new}"' in bumped.result.log


def test_the_token_is_masked_before_anything_else(bumped: Bumped) -> None:
    first = bumped.result.commands[0]
    assert (first.name, first.message) == ("add-mask", bumped.world.token)


def test_the_number_of_calls_is_held(bumped: Bumped) -> None:
    assert bumped.calls == NORMAL_RUN


# ---- what the inputs change


@pytest.mark.parametrize("named", ["with its host", "without host"])
def test_the_image_can_be_named_with_or_without_its_host(deployments: Deployments, named: str) -> None:
    host = {"image": IMAGE_PATH, "registry": deployments.registry.host}
    deployments.bump(**(host if named == "without host" else {}))
    deployments.assert_bumped()


def test_without_a_hub_the_images_name_stands_for_it(deployments: Deployments) -> None:
    result = deployments.bump(hub="")
    assert result.outputs["branch"] == f"update-data100-user-image-image-tag-{deployments.new}"


def test_a_draft_is_opened_as_a_draft(deployments: Deployments) -> None:
    deployments.bump(draft="true")
    assert deployments.open_pulls()[0].draft


def test_branch_title_and_author_can_be_chosen(deployments: Deployments) -> None:
    deployments.bump(
        branch="bumps/{image}-{tag}",
        title="{hub} gets {tag}",
        author_name="Hub",
        author_email="h@example.org",
    )
    (pull,) = deployments.open_pulls()
    author = pull.commits()[0].author
    assert pull.head == f"bumps/data100-user-image-{deployments.new}"
    assert pull.title == f"data100 gets {deployments.new}"
    assert (author.name, author.email) == ("Hub", "h@example.org")


def test_what_is_left_out_stays_and_a_pattern_that_leaves_nothing_out_is_warned_of(
    deployments: Deployments,
) -> None:
    result = deployments.bump(exclude_paths="deployments/stat20\nstat20")
    assert "stat20" not in result.outputs["hubs"].split("\n")
    assert "exclude-paths: 'stat20' leaves nothing out" in result.stdout
    assert "'deployments/stat20' leaves nothing out" not in result.stdout


def test_only_the_paths_given_are_edited(deployments: Deployments) -> None:
    result = deployments.bump(paths="deployments/data100, deployments/stat20/hubploy.yaml")
    assert result.outputs["hubs"].split("\n") == ["data100", "stat20"]


def test_paths_can_be_the_whole_repository(deployments: Deployments) -> None:
    deployments.bump(paths=".")
    deployments.assert_bumped()


def test_with_from_tag_the_others_stay(deployments: Deployments) -> None:
    result = deployments.bump(from_tag="PLACEHOLDER")
    assert result.outputs["hubs"] == "dev"
    assert "other tag than PLACEHOLDER" in deployments.open_pulls()[0].body


def test_another_base_branch_and_repository(deployments: Deployments) -> None:
    files = {"hubs/data100.yaml": f"image: {deployments.image}:{deployments.old}\n".encode()}
    other = deployments.github.create_repository("cal-icor/hubs", files, default_branch="main")
    other.commit({"a": b"1"}, branch="prod")
    token = deployments.new_token(repositories=["cal-icor/hubs"])
    deployments.bump(repository="cal-icor/hubs", base_branch="prod", paths="hubs", token=token)
    assert other.pulls[0].base == "prod"
    assert not deployments.repository.pulls


def test_a_label_or_reviewer_that_is_refused_is_a_warning(deployments: Deployments) -> None:
    result = deployments.bump(reviewers="berkeley-dsep-infra/nobodies")
    assert result.status == 0
    assert "Reviews may only be requested from collaborators" in result.said("warning")[0]
    deployments.assert_bumped()


def test_with_open_pull_request_false_the_branch_is_pushed_and_the_link_given(
    deployments: Deployments,
) -> None:
    result = deployments.bump(open_pull_request="false")
    link = (
        f"{deployments.github.server_url}/berkeley-dsep-infra/datahub/compare/staging...{deployments.branch}"
    )
    assert result.outputs["pull-request-url"] == f"{link}?expand=1"
    assert result.outputs["pull-request-url"] in result.notice
    assert deployments.files(deployments.branch) == deployments.expected()
    assert not deployments.repository.pulls


def test_with_open_pull_request_false_no_permission_for_pull_requests_is_needed(
    deployments: Deployments,
) -> None:
    token = deployments.new_token(permissions={"contents": "write"})
    assert deployments.bump(open_pull_request="false", token=token).status == 0


@pytest.mark.parametrize("kind", ["installation", "personal"])
def test_tokens_of_apps_and_people_will_do(deployments: Deployments, kind: str) -> None:
    login = {"installation": LOGIN, "personal": "hub-maintainer"}[kind]
    token = deployments.new_token(login=login, kind=kind, permissions=None)
    deployments.bump(token=token)
    assert deployments.bump(token=token).status == 0
    deployments.assert_bumped()
    assert deployments.open_pulls()[0].user.login == login


# ---- a dry run


def test_a_dry_run_writes_nothing_on_github(deployments: Deployments) -> None:
    result = deployments.bump(dry_run="true")
    asked = Counter(name.partition(" ")[0] for name in deployments.calls() if "upload-pack" not in name)
    assert set(asked) == {"GET"}
    assert set(deployments.repository.branches()) == {"staging"}
    assert result.outputs["changed"] == "true"
    assert result.outputs["branch"] == ""


def test_a_dry_run_shows_the_diff(deployments: Deployments) -> None:
    result = deployments.bump(dry_run="true")
    assert result.notice.startswith("Dry run:")
    assert f'+      tag: "{deployments.new}"' in result.log


def test_a_dry_run_of_a_public_repository_needs_no_token(deployments: Deployments) -> None:
    assert deployments.bump(dry_run="true", token="").notice.startswith("Dry run:")


# ---- nothing to change


def nothing_seen(world: Deployments) -> dict[str, str]:
    return {"paths": "docs"}


def all_at_the_tag(world: Deployments) -> dict[str, str]:
    world.repository.commit({path: text.encode() for path, text in world.expected().items()})
    return {}


def all_held(world: Deployments) -> dict[str, str]:
    reference = f"images:\n  # image-hold until 2999-12-31: finals\n  image_name: {world.image}:{world.old}\n"
    world.repository.commit({"held/hub/hubploy.yaml": reference.encode()})
    return {"paths": "held"}


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        pytest.param(nothing_seen, "no reference to", id="not found"),
        pytest.param(all_at_the_tag, "are at", id="at the tag"),
        pytest.param(all_held, "held until 2999-12-31: finals", id="held"),
    ],
)
def test_nothing_to_change_is_success_and_says_why(deployments: Deployments, prepare: Any, why: str) -> None:
    result = deployments.bump(**prepare(deployments))
    assert result.notice.startswith("Nothing to change: ")
    assert why in result.notice
    assert result.outputs["changed"] == "false"
    assert not deployments.repository.pulls
    assert set(deployments.repository.branches()) == {"staging"}


def test_a_held_reference_stays_while_the_others_move(deployments: Deployments) -> None:
    reference = f"{deployments.image}:{deployments.old}"
    held = f"images:\n  # image-hold until 2999-12-31: finals\n  image_name: {reference}\n"
    deployments.repository.commit({"deployments/held/hubploy.yaml": held.encode()})
    result = deployments.bump()
    assert "held" not in result.outputs["hubs"]
    assert r"held until 2999\-12\-31\: finals" in deployments.open_pulls()[0].body
    assert deployments.files(deployments.branch)["deployments/held/hubploy.yaml"] == held


def test_a_malformed_hold_is_an_error_at_its_file_and_line(deployments: Deployments) -> None:
    text = f"images:\n  # image-hold until friday\n  image_name: {deployments.image}:{deployments.old}\n"
    deployments.repository.commit({"deployments/held/hubploy.yaml": text.encode()})
    result = deployments.bump()
    assert result.error
    (command,) = (command for command in result.commands if command.name == "error")
    assert command.properties == {"file": "deployments/held/hubploy.yaml", "line": "2"}


# ---- digests


@pytest.mark.parametrize(
    ("inputs", "note"),
    [
        pytest.param({}, "digest replaced", id="read from the registry"),
        pytest.param({"verify_image": "false"}, "digest dropped", id="not known"),
    ],
)
def test_a_pinned_digest_follows_the_tag(
    deployments: Deployments, inputs: dict[str, str], note: str, tmp_path: Path
) -> None:
    pinned = f"image: {deployments.image}:{deployments.old}@sha256:{'0' * 64}\n"
    deployments.repository.commit({"deployments/pinned/hubploy.yaml": pinned.encode()})
    deployments.bump(**inputs)
    digest = "" if inputs else f"@{deployments.digest}"
    moved = deployments.files(deployments.branch)["deployments/pinned/hubploy.yaml"]
    assert moved == f"image: {deployments.image}:{deployments.new}{digest}\n"
    assert note in deployments.open_pulls()[0].body


def test_a_digest_that_is_given_is_used_without_asking_the_registry(deployments: Deployments) -> None:
    digest = f"sha256:{'a' * 64}"
    pinned = f"image: {deployments.image}:{deployments.old}@sha256:{'0' * 64}\n"
    deployments.repository.commit({"deployments/pinned/hubploy.yaml": pinned.encode()})
    deployments.bump(verify_image="false", digest=digest)
    moved = deployments.files(deployments.branch)["deployments/pinned/hubploy.yaml"]
    assert moved == f"image: {deployments.image}:{deployments.new}@{digest}\n"
