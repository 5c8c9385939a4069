"""What is merged, tagged or started by hand: the image is pushed, and a pull request moves the hubs."""

import pytest

from workflows.act import Run
from workflows.conftest import NewWorld
from workflows.image_repository import APP, BEFORE, DEPLOYMENTS, ImageRepository

pytestmark = pytest.mark.timeout(900)
MOVED = {"deployments/data100/hubploy.yaml", "deployments/prob140/config/common.yaml"}


@pytest.fixture(scope="module")
def world(new_world: NewWorld) -> ImageRepository:
    """An image repository as the template gives it."""
    return new_world("data100")


@pytest.fixture(scope="module")
def pushed(world: ImageRepository) -> Run:
    """The run after a push to main."""
    return world.push()


@pytest.fixture(scope="module")
def tag(world: ImageRepository) -> str:
    """The tag of the image of main."""
    return world.repository.branches()["main"][:12]


def test_a_push_to_main_builds_then_opens_the_pull_request(pushed: Run) -> None:
    assert (pushed.status, pushed.jobs) == (0, {"check": "success", "build": "success", "bump": "success"}), (
        pushed.log
    )


def test_the_image_is_in_the_registry_under_its_commit(world: ImageRepository, pushed: Run, tag: str) -> None:
    assert tag in world.image_tags()
    labels = world.registry.image_config(world.image, tag)["config"]["Labels"]
    assert labels["org.opencontainers.image.revision"][:12] == tag


def test_the_templates_own_tests_ran_in_the_image(pushed: Run) -> None:
    assert pushed.outputs("build")["tests"] == "10 passed"
    assert "first-cell.ipynb" in pushed.log


def test_tag_and_digest_go_from_the_build_to_the_bump(world: ImageRepository, pushed: Run, tag: str) -> None:
    digest = world.registry.digest(world.image, tag)
    assert (pushed.outputs("build")["tag"], pushed.outputs("build")["digest"]) == (tag, digest)
    assert f":{tag}@{digest}" in (world.deployments.pulls[0].body or "")


def test_the_pull_request_moves_the_hubs_and_nothing_else(
    world: ImageRepository, pushed: Run, tag: str
) -> None:
    pull = world.deployments.pulls[0]
    assert (pull.title, pull.base) == (f"update data100 image tag to {tag}", "staging")
    assert pull.head == pushed.outputs("bump")["branch"] == f"update-data100-image-tag-{tag}"
    assert {change.path: (change.additions, change.deletions) for change in pull.files()} == dict.fromkeys(
        MOVED, (1, 1)
    )


def test_the_jobs_own_token_never_reaches_the_deployments(world: ImageRepository, pushed: Run) -> None:
    assert pushed.status == 0
    reached = {call.login for call in world.github.calls if DEPLOYMENTS in call.path and call.login}
    assert reached == {"hub-bot[bot]"}


def test_by_hand_and_with_the_secret_in_place_of_an_app_there_is_still_one_pull_request(
    world: ImageRepository, pushed: Run
) -> None:
    token = world.github.create_token(login="carol", kind="personal", repositories=[DEPLOYMENTS])
    world.tokens.append(token)
    with_app = dict(world.secrets)
    world.secrets = {"GAR_SECRET_KEY": with_app["GAR_SECRET_KEY"], "DATAHUB_USER_IMAGE_BRANCH_PUSH": token}
    again = world.dispatch("build-push-open-pr.yaml")
    world.secrets = with_app
    assert again.jobs == {"check": "success", "build": "success", "bump": "success"}, again.log
    assert again.steps.get("Get the App's token for the deployments") in {None, "skipped"}
    assert len(world.deployments.pulls) == 1


def test_where_a_person_opens_the_pull_request_a_token_that_may_only_push_is_enough(
    world: ImageRepository, pushed: Run, tag: str
) -> None:
    rights = {"contents": "write", "pull_requests": "read", "metadata": "read"}
    token = world.github.create_token("carol", "personal", rights, repositories=[DEPLOYMENTS])
    world.tokens.append(token)
    before = len(world.deployments.pulls)
    usual = dict(world.variables), dict(world.secrets)
    world.variables = {**usual[0], "OPEN_PULL_REQUEST": "false"}
    world.secrets = {"GAR_SECRET_KEY": usual[1]["GAR_SECRET_KEY"], "DATAHUB_CREATE_PR": token}
    run = world.dispatch("build-push-open-pr.yaml")
    world.variables, world.secrets = usual
    assert run.jobs == {"check": "success", "build": "success", "bump": "success"}, run.log
    assert len(world.deployments.pulls) == before
    assert run.outputs("bump")["pull-request-number"] == ""
    assert f"/compare/staging...{run.outputs('bump')['branch']}" in run.outputs("bump")["pull-request-url"]


def test_a_version_tag_names_its_image_and_supersedes_the_older_pull_request(
    world: ImageRepository, pushed: Run
) -> None:
    run = world.push("refs/tags/1.4.0")
    assert run.jobs == {"check": "success", "build": "success", "bump": "success"}, run.log
    assert "1.4.0" in world.image_tags()
    older, newer = world.deployments.pulls
    assert (older.state, newer.state, newer.title) == ("closed", "open", "update data100 image tag to 1.4.0")


def test_a_roll_back_opens_the_pull_request_that_undoes_the_tags_it_names(
    world: ImageRepository, pushed: Run, tag: str
) -> None:
    world.repository.commit({"apt.txt": b"less\n"}, "Drop nano")
    newer = world.repository.branches()["main"][:12]
    for path in MOVED:
        text = world.deployments.read("staging", path).replace(BEFORE.encode(), newer.encode())
        world.deployments.commit({path: text}, f"update data100 image tag to {newer}")
    run = world.dispatch("rollback.yaml", tag=tag)
    assert run.jobs == {"rollback": "success"}, run.log
    pull = world.deployments.pulls[-1]
    assert (pull.title, pull.state) == (f"roll data100 image tag back to {tag}", "open")
    assert pull.head == f"roll-back-data100-image-tag-to-{tag}"
    assert run.outputs("rollback")["old-tags"] == newer
    assert newer in (pull.body or "")
    assert "1 commit undone" in (pull.body or "")
    assert {change.path for change in pull.files()} == MOVED


def test_a_tag_that_is_not_in_the_registry_is_not_rolled_back_to(world: ImageRepository) -> None:
    before = len(world.deployments.pulls)
    run = world.dispatch("rollback.yaml", tag="feedfeedfeed")
    assert run.jobs == {"rollback": "failure"}
    assert "There is no" in run.log
    assert len(world.deployments.pulls) == before


def test_no_line_of_any_log_holds_a_secret(world: ImageRepository, pushed: Run) -> None:
    assert pushed.status == 0
    assert world.leaked() == []


def test_nothing_was_asked_of_github_that_it_does_not_know(world: ImageRepository, pushed: Run) -> None:
    assert pushed.status == 0
    assert world.github.problems == []


def test_a_leak_would_be_seen(world: ImageRepository) -> None:
    entry = {"msg": f"the key is {APP['PRIVATE_KEY_SECRET'].splitlines()[1]}"}
    run = Run(0, "", (entry,))
    world.runs.append(run)
    leaked = world.leaked()
    world.runs.remove(run)
    assert leaked == [entry["msg"]]
