"""Migrated workflows run to the same end as before the migration: same names, same hubs, same pull request.

What a repository had before is a variant of the field; where it consists of shell steps, those run here too.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hub_image_actions.fleet.migration.shared_workflows import SHARED
from hub_image_actions.fleet.upgrade.plan import plan_migration
from hub_image_actions.fleet.workflows.pins import Release, Target
from testbed.registry import Registry
from unit import fleet_variants as variants
from unit.fleet_variants import PUSH, Files
from workflows.act import STAND_INS, Run, stand_in
from workflows.conftest import NewWorld
from workflows.image_repository import APP, KEY, OWNER, TEMPLATE, ImageRepository, Setup

pytestmark = pytest.mark.timeout(900)
SLACK = "d" * 40
TARGET = Target("1.0.0", others={f"{variants.SLACK}@v3": Release("3.0.1", SLACK)})
BOT = {"IMAGE_BUILDER_BOT_NAME": "image-bot", "IMAGE_BUILDER_BOT_EMAIL": "image-bot@example.org"}
OLD_ACTIONS = {
    "actions/checkout@v4": "checkout",
    "actions/create-github-app-token@v1": "create-github-app-token",
    "docker/login-action@v3": "login-action",
    "jupyterhub/repo2docker-action@master": "repo2docker-action",
}
# The old shell steps move references of one line, whose registry has no port: they cut lines at colons.
HUBS = {
    "deployments/{hub}/hubploy.yaml": "images:\n  images:\n    - name: {image}:{tag}\n",
    "deployments/eecs/hubploy.yaml": "images:\n  image_name: {image}-old:{tag}\n",
}
# The first versions of the action were asked for a token without saying for what.
ANY_TOKEN = {"REPOSITORIES": "", "PERMISSION_CONTENTS": "", "PERMISSION_PULL_REQUESTS": ""}
PRIVATE_KEY = APP["PRIVATE_KEY_SECRET"]
BERKELEY = Setup(
    variables={**BOT, "APP_ID": APP["APP_ID"]},
    secrets={"GAR_SECRET_KEY": KEY, "PRIVATE_KEY_SECRET": PRIVATE_KEY},
)


@dataclass(frozen=True)
class End:
    """What a pipeline leaves behind: `{sha:12}` stands for a commit, `{tag}` for the tag that hubs get.

    Args:
        tags: the tags that hubs can use.
        deployments: the repository with the pull request.
        base: the branch that it is to be merged into.
        head: its branch.
        author: who made its commit.
        files: the files that it changes, as they are then, with `{host}` for the registry.
    """

    tags: frozenset[str]
    deployments: str
    base: str
    head: str
    author: str
    files: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """A repository before its migration.

    Args:
        hub: its hub.
        files: its files, for a registry.
        says: what its files say of where the pipeline ends.
        ref: what is pushed.
        tags: the tags of the image.
        pulled: the tag that the hubs get.
        setup: how it is set up otherwise.
    """

    hub: str
    files: Callable[[str], Files]
    says: tuple[str, ...]
    ref: str = "refs/heads/main"
    tags: frozenset[str] = frozenset({"{sha:12}"})
    pulled: str = "{sha:12}"
    setup: Setup = BERKELEY

    @property
    def end(self) -> End:
        """Where its pipeline ends."""
        image = f"{{host}}/ucb-datahub-2018/user-images/{self.hub}-user-image"
        path = f"deployments/{self.hub}/hubploy.yaml"
        return End(
            tags=self.tags,
            deployments=self.setup.deployments,
            base="staging",
            head=f"update-{self.hub}-image-tag-{{tag}}",
            author="image-bot <image-bot@example.org>",
            files={path: f"images:\n  images:\n    - name: {image}:{{tag}}\n"},
        )


def shell_of(registry: str) -> Files:
    """Return the template's own files of before, for a registry."""
    return variants.shell(variants.Shell(app=variants.APP, registry=registry))


CASES = {
    "shell steps": Case(
        hub="data8",
        files=shell_of,
        says=(
            "image-tag: ${{ steps.build-and-push.outputs.IMAGE_SHA_TAG }}",
            "repository: 'berkeley-dsep-infra/datahub'",
            'BRANCH="update-${HUB}-image-tag-${IMAGE_TAG}"',
            "-H${BRANCH} -Bstaging",
            'user.name "${{ vars.IMAGE_BUILDER_BOT_NAME }}"',
        ),
    ),
    "caller of update-deployment": Case(
        hub="stat159",
        files=lambda _: variants.berkeley_caller("main"),
        says=(
            f"uses: {OWNER}/update-deployment/.github/workflows/shared-build-push-create-pr.yaml@main",
            "hub: ${{ vars.HUB }}",
            "image_builder_bot_name: ${{ vars.IMAGE_BUILDER_BOT_NAME }}",
        ),
    ),
    "version tags of edX": Case(
        hub="edx",
        files=lambda _: variants.edx(),
        says=(
            "tags:\n      - '[0-9]+.[0-9]+.[0-9]+'",
            'echo "tag=${{ github.ref_name }}"',
            "repository: 'edx-berkeley/edx-hub'",
            'BRANCH="update-${HUB}-image-tag-${IMAGE_TAG}"',
            "-H${BRANCH} -Bstaging",
        ),
        ref="refs/tags/1.4.0",
        tags=frozenset({"{sha:12}", "1.4.0"}),
        pulled="1.4.0",
        setup=Setup(
            owner="edx-berkeley",
            deployments="edx-berkeley/edx-hub",
            variables={**BOT, "EDX_IMAGE_BUILDER_APP_ID": APP["APP_ID"]},
            secrets={
                "GAR_SECRET_KEY_EDX": KEY,
                "EDX_IMAGE_BUILDER_PRIVATE_KEY": PRIVATE_KEY,
                "SLACK_WEBHOOK_URL": "https://hooks.example.org/c2VjcmV0-of-slack",
            },
        ),
    ),
}


@dataclass(frozen=True)
class Migrated:
    """A repository whose migrated pipeline ran."""

    case: Case
    world: ImageRepository
    run: Run


def world_of(new_world: NewWorld, case: Case, setup: Setup, registry: str) -> ImageRepository:
    """Return a repository as it is before its migration; its image is built on the test bed's base."""
    files = {**case.files(registry), "start": ("100755", (TEMPLATE / "start").read_bytes())}
    return new_world(case.hub, setup=replace(setup, files=files, hubs=HUBS))


def migrate(world: ImageRepository) -> None:
    """Commit to main what a migration makes of it."""
    paths = world.repository.paths("main")
    files = {path: world.repository.read("main", path) for path in paths}
    template = {
        path.relative_to(TEMPLATE).as_posix(): path.read_bytes()
        for path in TEMPLATE.rglob("*")
        if path.is_file()
    }
    plan = plan_migration(files, TARGET, template, repository=world.name)
    world.repository.commit(plan.files, "Migrate", branch="main")


def pushes(workflow: bytes) -> dict[str, list[str]]:
    """Return the branches and tags whose pushes start a workflow."""
    push = YAML(typ="safe", pure=True).load(workflow.decode())["on"]["push"]
    return {kind: push[kind] for kind in ("branches", "tags") if kind in push}


def tags_for_hubs(world: ImageRepository) -> set[str]:
    """Return the tags of the image without those that are kept for builds of the same files."""
    return {name for name in world.image_tags() if not name.startswith("inputs-")}


def end_of(world: ImageRepository, pulled: str) -> End:
    """Return what a pipeline has left behind that gave hubs a tag of this form."""
    sha = world.repository.branches()["main"][:12]
    tag = pulled.replace("{sha:12}", sha)
    (pull,) = [pull for pull in world.deployments.pulls if pull.state == "open"]
    author = world.deployments.log(pull.head)[0].author
    host = world.setup.host or world.registry.host

    def known(text: str) -> str:
        return text.replace(host, "{host}").replace(tag, "{tag}")

    return End(
        tags=frozenset(name.replace(sha, "{sha:12}") for name in tags_for_hubs(world)),
        deployments=world.deployments.full_name,
        base=pull.base,
        head=known(pull.head),
        author=f"{author.name} <{author.email}>",
        files={
            change.path: known(world.deployments.read(pull.head, change.path).decode())
            for change in pull.files()
        },
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what builds install, once for all that migrated to the same versions."""
    return tmp_path_factory.mktemp("installed")


@pytest.fixture(scope="module", params=CASES)
def migrated(
    request: pytest.FixtureRequest, new_world: NewWorld, base_registry: Registry, installed: Path
) -> Migrated:
    """A repository of each kind after its migration, and after what triggered its pipeline before."""
    case = CASES[request.param]
    world = world_of(new_world, case, case.setup, base_registry.host)
    slack = {f"{variants.SLACK}@{SLACK}": "slack-github-action"}
    environment = {**world.act.environment, "STAND_IN_SLACK": str(world.folder / "slack.txt")}
    world.act = replace(world.act, stand_ins={**STAND_INS, **slack}, environment=environment, kept=installed)
    migrate(world)
    return Migrated(case, world, world.push(case.ref))


@pytest.fixture(scope="module")
def migrated_base(new_world: NewWorld, base_registry: Registry, installed: Path) -> Migrated:
    """The same for an image that others are built on: the repository's name alone says that it is one."""
    case = replace(CASES["caller of update-deployment"], hub="python")
    setup = replace(BERKELEY, repository="base-python-image")
    world = world_of(new_world, case, setup, base_registry.host)
    world.act = replace(world.act, kept=installed)
    migrate(world)
    return Migrated(case, world, world.push())


@pytest.fixture(scope="module")
def before(new_world: NewWorld, base_registry: Registry) -> Migrated:
    """A repository with the template's shell steps, and after they ran."""
    case = CASES["shell steps"]
    setup = replace(BERKELEY, host="us-central1-docker.pkg.dev", app=ANY_TOKEN)
    world = world_of(new_world, replace(case, hub="data6"), setup, base_registry.host)
    world.act = replace(
        world.act,
        stand_ins=OLD_ACTIONS,
        programs=stand_in("programs"),
        # `git config --global` writes there.
        environment={**world.act.environment, "HOME": str(world.folder)},
    )
    return Migrated(replace(case, hub="data6"), world, world.push(workflow=Path(PUSH).name))


@pytest.mark.parametrize("name", CASES)
def test_the_old_files_say_where_their_pipeline_ends(name: str) -> None:
    text = CASES[name].files("registry.example.org")[PUSH].decode()
    assert [words for words in CASES[name].says if words not in text] == []


def test_the_shared_workflows_end_where_their_callers_are_taken_to_end() -> None:
    shared = SHARED["berkeley-dsep-infra/update-deployment"]
    end = CASES["caller of update-deployment"].end
    assert (shared.deployments, shared.base_branch) == (end.deployments, end.base)


def test_the_shell_steps_run_to_the_end_that_their_files_say(before: Migrated) -> None:
    assert before.run.jobs == {"build-and-push": "success", "update-deployment-image-tag": "success"}, (
        before.run.log
    )
    assert end_of(before.world, before.case.pulled) == before.case.end


def test_the_pushes_that_started_it_still_do(migrated: Migrated) -> None:
    # act runs whatever it is told to; which pushes count is GitHub's to say.
    new = migrated.world.repository.read("main", f"{variants.WORKFLOWS}build-push-open-pr.yaml")
    assert pushes(new) == pushes(migrated.case.files("registry.example.org")[PUSH])


def test_every_job_of_the_migrated_pipeline_succeeds(migrated: Migrated) -> None:
    assert migrated.run.jobs == {"check": "success", "build": "success", "bump": "success"}, migrated.run.log


def test_the_migrated_pipeline_ends_where_the_old_one_did(migrated: Migrated) -> None:
    assert end_of(migrated.world, migrated.case.pulled) == migrated.case.end


def test_the_tag_that_hubs_get_is_the_image_that_was_built(migrated: Migrated) -> None:
    sha = migrated.world.repository.branches()["main"]
    tag = migrated.case.pulled.replace("{sha:12}", sha[:12])
    labels = migrated.world.registry.image_config(migrated.world.image, tag)["config"]["Labels"]
    assert labels["org.opencontainers.image.revision"] == sha
    assert migrated.world.deployments.pulls[0].title == f"update {migrated.case.hub} image tag to {tag}"


def test_the_images_own_tests_ran(migrated: Migrated) -> None:
    assert migrated.run.outputs("build")["tests"] == "1 passed"


def test_an_image_that_others_are_built_on_keeps_its_short_tag_and_moves_no_hub(
    migrated_base: Migrated,
) -> None:
    world = migrated_base.world
    assert migrated_base.run.jobs == {"build": "success"}, migrated_base.run.log
    assert tags_for_hubs(world) == {world.repository.branches()["main"][:7]}
    assert world.deployments.pulls == []


@pytest.mark.parametrize("migrated", ["version tags of edX"], indirect=True)
def test_a_step_of_the_repositorys_own_still_tells_of_the_image(migrated: Migrated) -> None:
    told = json.loads((migrated.world.folder / "slack.txt").read_text(encoding="utf-8"))
    assert told == {"text": "image `1.4.0`"}


@pytest.mark.parametrize("migrated", ["shell steps"], indirect=True)
def test_the_migrated_test_of_a_pull_request_passes(migrated: Migrated) -> None:
    pull = migrated.world.open_pull_request("add-package", {"apt.txt": b"git\nnano\n"})
    run = migrated.world.on_pull_request(pull, "opened", "test.yaml")
    assert run.jobs == {"test": "success"}, run.log
    assert run.outputs("test")["tests"] == "1 passed"


def test_no_secret_is_shown_and_nothing_unknown_asked(migrated: Migrated) -> None:
    assert migrated.run.status == 0
    assert migrated.world.leaked() == []
    assert migrated.world.github.problems == []
