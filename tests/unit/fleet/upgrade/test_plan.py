"""Migrations: what each kind of repository becomes, and that it passes the checks of the template."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hub_image_actions.fleet.upgrade.explanation import explain, explain_markdown
from hub_image_actions.fleet.upgrade.plan import Migration, plan_migration
from hub_image_actions.fleet.workflows.pins import Release, Target
from hub_image_actions.fleet.workflows.template_files import digest
from unit import fleet_variants as field
from unit.fleet_variants import BINDER, BUILDERS, DISABLED, PUSH, TEST, Shell, Variant, shell
from unit.pipeline_variants import MIGRATED, STAYING

COMMIT = "d" * 40
TARGET = Target("1.3.2", "e" * 40, others={f"{field.SLACK}@v3": Release("3.0.1", COMMIT)})
NEW_PUSH = f"{field.WORKFLOWS}build-push-open-pr.yaml"
NEW_TEST = f"{field.WORKFLOWS}test.yaml"
ROLLBACK = f"{field.WORKFLOWS}rollback.yaml"
# Planning takes a second, and many tests look at the same plan.
PLANS: dict[str, Migration] = {}
EVERY = {**BUILDERS, **MIGRATED}
TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="session")
def template() -> Mapping[str, bytes]:
    """Returns the template's files."""
    folder = Path(__file__).parents[4] / "template"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def variant(name: str) -> Variant:
    """Returns a repository of a kind."""
    return EVERY[name]()


def planned(template: Mapping[str, bytes], of: Variant | str, target: Target = TARGET) -> Migration:
    """Returns the plan for a repository."""
    if isinstance(of, Variant):
        return plan_migration(of.files, target, template, repository=of.repository)
    if target is not TARGET:
        return planned(template, variant(of), target)
    if of not in PLANS:
        PLANS[of] = planned(template, variant(of))
    return PLANS[of]


def after(of: Variant, migration: Migration) -> dict[str, bytes]:
    """Returns a repository's files after its migration."""
    merged = {**of.files, **migration.files}
    return {path: content for path, content in merged.items() if content is not None}


def loaded(migration: Migration, path: str) -> Any:
    """Returns what a new workflow holds."""
    content = migration.files[path]
    assert content is not None
    return YAML(typ="safe", pure=True).load(content.decode())


def step(workflow: Any, action: str, job: str = "") -> Any:
    """Returns the step that uses an action."""
    jobs = [workflow["jobs"][job]] if job else list(workflow["jobs"].values())
    found = [each for one in jobs for each in one["steps"] if f"{action}@" in each.get("uses", "")]
    return found[-1]


def inputs(migration: Migration, path: str, action: str, job: str = "") -> Any:
    """Returns the inputs that an action gets."""
    return step(loaded(migration, path), f"hub-image-actions/{action}", job)["with"]


# All kinds -----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def migrated(template: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with all kinds of repositories as they are after their migration."""
    folder = tmp_path_factory.mktemp("migrated")
    for number, name in enumerate(EVERY):
        repository = variant(name)
        migration = planned(template, name)
        for path, content in after(repository, migration).items():
            if path.startswith(field.WORKFLOWS) and path not in migration.files:
                # A workflow of the repository's own is as good as it was.
                continue
            place = folder / f"{number}-{repository.repository.rpartition('/')[2]}" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return folder


def test_every_migrated_workflow_passes_actionlint(root: Path, migrated: Path) -> None:
    workflows = [path for path in sorted(migrated.rglob("*.yaml")) if path.parent.name == "workflows"]
    assert len(workflows) > 2 * len(EVERY)
    done = subprocess.run(
        ["node", "tests/actionlint.cjs", *workflows],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 0)


def test_every_migrated_workflow_passes_zizmor_at_its_strictest(root: Path, migrated: Path) -> None:
    options = ["--offline", "--persona", "pedantic", "--no-progress", "--quiet", "--color", "never"]
    rules = ["--config", str(root / "template/.github/zizmor.yml")]
    done = subprocess.run(
        [TOOLS / "zizmor", *options, *rules, migrated],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (done.returncode, "No findings" in done.stdout) == (0, True), done.stdout


def test_every_migrated_repository_passes_its_own_yamllint(migrated: Path) -> None:
    linted = [path.parent for path in migrated.glob("*/.yamllint.yaml")]
    assert linted
    for folder in linted:
        done = subprocess.run(
            [TOOLS / "yamllint", "--strict", "."],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_migrated_repository_has_nothing_more_to_migrate(template: Mapping[str, bytes], name: str) -> None:
    repository = variant(name)
    done = Variant(repository.repository, after(repository, planned(template, name)))
    assert planned(template, done).files == {}


@pytest.mark.parametrize("name", BUILDERS)
def test_nothing_outside_the_workflows_and_their_companions_is_touched(
    template: Mapping[str, bytes], name: str
) -> None:
    companions = {".github/dependabot.yml", ".github/zizmor.yml", ".yamllint.yaml"}
    touched = {path for path in planned(template, name).files if not path.startswith(field.WORKFLOWS)}
    assert touched <= companions


@pytest.mark.parametrize("name", BUILDERS)
def test_no_secret_or_variable_is_asked_for_that_was_not_there(
    template: Mapping[str, bytes], name: str
) -> None:
    repository = variant(name)
    migration = planned(template, name)
    old = {name for content in repository.files.values() for name in names(content)}
    new = {name for content in migration.files.values() if content for name in names(content)}
    # What the template has a default for may stay unset.
    optional = {"vars.REGISTRY", "vars.REGISTRY_USERNAME", "vars.BINDER", "vars.BINDER_URLPATH"}
    optional |= {f"vars.DEPLOYMENTS_{part}" for part in ("OWNER", "REPOSITORY", "BRANCH", "PATHS")}
    optional |= {f"vars.HUB_{part}" for part in ("URL", "PROFILE", "FORM", "OPTION", "CONTENT")}
    optional |= {
        "vars.HUB",
        "vars.OPEN_PULL_REQUEST",
        "vars.CANDIDATES",
        "vars.CANDIDATES_USERNAME",
        "secrets.CANDIDATES_KEY",
    }
    assert new - old <= optional
    assert migration.variables == {}


def names(content: bytes) -> set[str]:
    """Returns the secrets and variables that a text names."""
    return {f"{kind}.{name}" for kind, name in re.findall(r"\b(secrets|vars)\.(\w+)", content.decode())}


@pytest.mark.parametrize("name", BUILDERS)
def test_every_change_names_a_line_that_holds_what_it_says(template: Mapping[str, bytes], name: str) -> None:
    repository = variant(name)
    migration = planned(template, name)
    assert migration.changes
    for change in migration.changes:
        assert change.reason
        if change.line:
            assert line(repository.files[change.file], change.line)
        if change.new_line:
            content = migration.files[change.new_file]
            assert content is not None
            assert change.after.splitlines()[0] in line(content, change.new_line)


def line(content: bytes, number: int) -> str:
    """Returns a line of a file."""
    return content.decode().splitlines()[number - 1]


@pytest.mark.parametrize("name", BUILDERS)
def test_the_explanation_fits_a_terminal_and_names_every_file(
    template: Mapping[str, bytes], name: str
) -> None:
    migration = planned(template, name)
    text = explain(migration)
    assert max(map(len, text.splitlines())) <= 120
    assert [path for path in migration.files if path not in text] == []
    assert all(each.what in " ".join(text.split()) for each in migration.left_out)
    assert "| Today |" in explain_markdown(migration)


# Callers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["update-deployment at main", "update-deployment at a branch"])
def test_a_caller_of_update_deployment_keeps_its_version_and_its_app(
    template: Mapping[str, bytes], name: str
) -> None:
    migration = planned(template, name)
    push = loaded(migration, NEW_PUSH)
    assert inputs(migration, NEW_PUSH, "build")["repo2docker-version"] == "2024.07.0"
    assert inputs(migration, NEW_TEST, "build-test")["repo2docker-version"] == "2024.07.0"
    assert push["jobs"]["bump"]["env"]["APP"] == "${{ vars.APP_ID }}"
    assert inputs(migration, NEW_PUSH, "bump-datahub-tag")["token"] == "${{ steps.app.outputs.token }}"
    assert (
        inputs(migration, NEW_PUSH, "bump-datahub-tag")["author-name"] == "${{ vars.IMAGE_BUILDER_BOT_NAME }}"
    )
    assert push["on"]["push"]["branches"] == ["main"]
    assert "tags" not in push["on"]["push"]
    assert push["on"]["push"]["paths-ignore"] == ["README.md", "CONTRIBUTING.md", "LICENSE", "images/**"]


def test_the_old_files_go_and_the_badge_stays_off(template: Mapping[str, bytes]) -> None:
    files = planned(template, "update-deployment at main").files
    assert (files[PUSH], files[TEST]) == (None, None)
    assert b"binder-badge@v1" in (files[DISABLED] or b"")
    assert BINDER not in files
    assert b"binder-badge" not in (files[NEW_TEST] or b"")


def test_a_base_image_of_berkeley_is_built_by_docker_and_moves_no_hub(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "update-deployment, base image")
    build = inputs(migration, NEW_PUSH, "build")
    assert (build["builder"], build["tag"]) == ("docker", "{sha:7}")
    assert "repo2docker-version" not in build
    assert inputs(migration, NEW_TEST, "build-test")["builder"] == "docker"
    assert list(loaded(migration, NEW_PUSH)["jobs"]) == ["build"]
    assert "needs" not in loaded(migration, NEW_PUSH)["jobs"]["build"]
    assert ROLLBACK not in migration.files


def test_a_base_image_of_cal_icor_is_built_by_repo2docker(template: Mapping[str, bytes]) -> None:
    caller = Variant("cal-icor/base-user-image", field.cal_icor_caller("0.5.0", keyless=True))
    build = inputs(planned(template, caller), NEW_PUSH, "build")
    assert "builder" not in build
    assert build["repo2docker-version"] == "2026.04.0"


def test_a_caller_without_a_key_logs_in_to_google(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "cal-icor 0.5.0")
    push = loaded(migration, NEW_PUSH)
    for workflow, job in ((push, "build"), (push, "bump"), (loaded(migration, ROLLBACK), "rollback")):
        assert workflow["jobs"][job]["permissions"]["id-token"] == "write"
        google = step(workflow, "google-github-actions/auth", job)
        assert google["with"]["workload_identity_provider"] == "${{ vars.GAR_WIF_PROVIDER }}"
        assert google["with"]["service_account"] == "${{ vars.GAR_SA }}"
        assert "KEY" not in workflow["jobs"][job].get("env", {})
    build = inputs(migration, NEW_PUSH, "build")
    assert build["registry-username"] == "oauth2accesstoken"
    assert build["registry-password"] == "${{ steps.google.outputs.access_token }}"
    assert "GAR_SECRET_KEY" not in (migration.files[NEW_PUSH] or b"").decode()


def test_the_google_step_is_the_one_of_the_documents(root: Path, template: Mapping[str, bytes]) -> None:
    google = step(loaded(planned(template, "cal-icor 0.5.0"), NEW_PUSH), "google-github-actions/auth")
    assert f"uses: {google['uses']} # v" in (root / "docs/registries.md").read_text()


def test_a_caller_with_a_token_gets_no_app(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "cal-icor 0.1.2")
    for path in (NEW_PUSH, ROLLBACK):
        assert (
            inputs(migration, path, "bump-datahub-tag")["token"] == "${{ secrets.IMAGE_BUILDER_CREATE_PR }}"
        )
        assert b"create-github-app-token" not in (migration.files[path] or b"")


def test_a_caller_that_inherits_secrets_keeps_their_names(template: Mapping[str, bytes]) -> None:
    files = field.cal_icor_caller("0.4.2", keyless=False)
    given = files[PUSH].decode()
    files[PUSH] = (given[: given.index("    secrets:")] + "    secrets: inherit\n").encode()
    migration = planned(template, Variant("cal-icor/a-user-image", files))
    token = inputs(migration, NEW_PUSH, "bump-datahub-tag")["token"]
    assert token == "${{ steps.app.outputs.token || secrets.IMAGE_BUILDER_CREATE_PR }}"
    password = inputs(migration, NEW_PUSH, "build")["registry-password"]
    assert password.endswith(" || secrets.GAR_SECRET_KEY }}")


def test_where_no_hub_may_be_named_nothing_is_moved_without_one(template: Mapping[str, bytes]) -> None:
    push = loaded(planned(template, "cal-icor 0.1.2"), NEW_PUSH)
    assert push["jobs"]["bump"]["if"] == "vars.HUB != ''"
    assert [each["if"] for each in push["jobs"]["check"]["steps"]] == ["vars.HUB != ''"]
    assert "if" not in push["jobs"]["check"]


@pytest.mark.parametrize("hub", ["", "      hub: ''\n"])
def test_a_caller_that_names_no_hub_moves_none(template: Mapping[str, bytes], hub: str) -> None:
    files = field.berkeley_caller("main")
    files[PUSH] = files[PUSH].replace(b"      hub: ${{ vars.HUB }}\n", hub.encode())
    migration = planned(template, field.data100(files))
    assert list(loaded(migration, NEW_PUSH)["jobs"]) == ["build"]


def test_an_input_that_is_not_known_is_named(template: Mapping[str, bytes]) -> None:
    files = field.berkeley_caller("main")
    files[PUSH] = files[PUSH].replace(b"    with:\n", b"    with:\n      colour: red\n")
    migration = planned(template, field.data100(files))
    assert [(each.what, each.line) for each in migration.left_out if "colour" in each.what] == [
        ("the input `colour` of the shared workflow", 19)
    ]


def test_a_job_that_waits_for_the_old_one_waits_for_the_new(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "cal-icor 0.5.0")
    job = loaded(migration, NEW_PUSH)["jobs"]["update-downstream"]
    assert (job["needs"], job["if"]) == ("build", "${{ needs.build.outputs.tag != '' }}")
    assert b"  # The images that are built on this one.\n  update-downstream:\n" in (
        migration.files[NEW_PUSH] or b""
    )


def test_a_job_without_rights_of_its_own_keeps_those_that_it_calls_for(template: Mapping[str, bytes]) -> None:
    called = f"{field.WORKFLOWS}tell.yaml"
    more = f"\n  tell:\n    needs: [build-push-open-pr]\n    uses: ./{called}\n    secrets: inherit\n"
    files = field.cal_icor_caller("0.5.0", keyless=True, more=more)
    files[called] = (
        b"on: workflow_call\npermissions:\n  contents: write\n"
        b"jobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo\n"
    )
    migration = planned(template, Variant("cal-icor/a-user-image", files))
    job = loaded(migration, NEW_PUSH)["jobs"]["tell"]
    assert (job["permissions"], job["needs"], job["uses"]) == (
        {"contents": "write"},
        ["build"],
        f"./{called}",
    )
    assert called not in migration.files


# Pipelines written out -----------------------------------------------------------------------------


def test_a_step_of_its_own_is_carried_over_with_its_comment_in_its_place(
    template: Mapping[str, bytes],
) -> None:
    migration = planned(template, "edited: step of its own")
    text = (migration.files[NEW_PUSH] or b"").decode()
    assert field.steps(field.IPV4).rstrip("\n") in text
    names = [each.get("name") for each in loaded(migration, NEW_PUSH)["jobs"]["build"]["steps"]]
    assert names == ["Check out", "IPv4 only", "Build, test, push"]


@pytest.mark.parametrize(
    ("name", "token"),
    [
        ("older template", "DATAHUB_CREATE_PR"),
        ("oldest template", "DATAHUB_USER_IMAGE_BRANCH_PUSH"),
        ("edited: registry in a variable", "IMAGE_BUILDER_CREATE_PR"),
    ],
)
def test_a_token_keeps_its_name(template: Mapping[str, bytes], name: str, token: str) -> None:
    migration = planned(template, name)
    for path in (NEW_PUSH, ROLLBACK):
        assert inputs(migration, path, "bump-datahub-tag")["token"] == f"${{{{ secrets.{token} }}}}"


def test_the_paths_of_a_changed_files_step_build_nothing_still(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "older template")
    ignored = loaded(migration, NEW_PUSH)["on"]["push"]["paths-ignore"]
    assert ignored == ["README.md", "LICENSE", "images/**"]
    assert [each.line for each in migration.left_out if ".github/**" in each.what] == [32]


def test_registry_base_branch_and_deployments_are_carried_over(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "edited: registry in a variable")
    for path, job in ((NEW_PUSH, "bump"), (ROLLBACK, "rollback")):
        bump = inputs(migration, path, "bump-datahub-tag", job)
        assert bump["registry"] == "${{ vars.GOOGLE_ARTIFACT_REGISTRY }}"
        assert bump["base-branch"] == "prod"
        env = loaded(migration, path)["jobs"][job]["env"]
        assert (env["OWNER"], env["REPOSITORY"]) == ("cal-icor", "cal-icor-hubs")
    assert inputs(migration, NEW_PUSH, "build")["repo2docker-version"] == "2025.08.0"
    assert inputs(migration, NEW_TEST, "build-test")["registry"] == "${{ vars.GOOGLE_ARTIFACT_REGISTRY }}"


def test_a_keyless_login_step_is_carried_over(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "edited: keyless")
    google = step(loaded(migration, NEW_PUSH), "google-github-actions/auth", "build")["with"]
    assert google["workload_identity_provider"] == "${{ vars.WIF_PROVIDER }}"
    assert google["service_account"] == "pusher@project.iam.gserviceaccount.com"


def test_a_native_build_keeps_its_builder_and_the_length_of_its_tags(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "edited: native Docker")
    build = inputs(migration, NEW_PUSH, "build")
    assert (build["builder"], build["tag"]) == ("docker", "{sha:7}")
    assert inputs(migration, NEW_TEST, "build-test")["builder"] == "repo2docker"


def test_names_that_are_written_out_stay_so(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "edited: literal names")
    image = "ucb-datahub-2018/user-images/data100-user-image"
    for path, action in ((NEW_PUSH, "build"), (NEW_PUSH, "bump-datahub-tag"), (NEW_TEST, "build-test")):
        assert inputs(migration, path, action)["image"] == image
    assert inputs(migration, ROLLBACK, "bump-datahub-tag")["hub"] == "data100"


def test_releases_by_version_tags_stay_so_under_their_own_names(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "version tags")
    push = loaded(migration, NEW_PUSH)
    assert push["on"]["push"] == {"tags": ["[0-9]+.[0-9]+.[0-9]+"]}
    build = inputs(migration, NEW_PUSH, "build")
    assert build["registry-password"] == "${{ secrets.GAR_SECRET_KEY_EDX }}"
    assert build["extra-tags"] == "{sha}"
    assert push["jobs"]["bump"]["env"]["APP"] == "${{ vars.EDX_IMAGE_BUILDER_APP_ID }}"
    assert push["jobs"]["bump"]["env"]["KEY"] == "${{ secrets.GAR_SECRET_KEY_EDX != '' }}"
    app = step(push, "actions/create-github-app-token", "check")["with"]
    assert app["private-key"] == "${{ secrets.EDX_IMAGE_BUILDER_PRIVATE_KEY }}"


def test_a_step_behind_the_build_gets_the_new_names_of_what_it_uses(template: Mapping[str, bytes]) -> None:
    slack = step(loaded(planned(template, "version tags"), NEW_PUSH), field.SLACK)
    assert slack["with"]["payload"] == '{"text": "image `${{ steps.build.outputs.tag }}`"}\n'
    assert slack["uses"] == f"{field.SLACK}@{COMMIT}"


def test_an_action_that_can_move_is_named_where_its_commit_is_not_known(
    template: Mapping[str, bytes],
) -> None:
    migration = planned(template, "version tags", Target("1.3.2"))
    assert migration.unpinned == (f"{field.SLACK}@v3",)
    assert any(f"`{field.SLACK}@v3`" in note for note in migration.notes)


def test_a_build_of_a_forks_code_with_secrets_is_left_out_and_named(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "fork's code with secrets")
    test = loaded(migration, NEW_TEST)
    assert set(test["on"]) == {"pull_request", "merge_group"}
    assert b"head" not in (migration.files[NEW_TEST] or b"")
    assert migration.files[TEST] is None
    (named,) = [each for each in migration.left_out if "pull_request_target" in each.what]
    assert "GAR_SECRET_KEY" in named.why
    assert "the code of a fork" in named.why
    assert (named.file, named.line) == (TEST, 4)


def test_quay_keeps_its_login_its_latest_and_its_folder(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "Quay")
    build = inputs(migration, NEW_PUSH, "build")
    assert (build["registry"], build["image"]) == ("quay.io", "somebody/some-image")
    assert build["registry-username"] == "${{ secrets.QUAY_USERNAME }}"
    assert build["registry-password"] == "${{ secrets.QUAY_PASSWORD }}"
    assert (build["latest"], build["repo-dir"]) == (True, "/home/jovyan")
    assert b"binder-badge@v1" in (migration.files[BINDER] or b"")
    assert any("No version of repo2docker" in note for note in migration.notes)


def test_the_packages_of_github_are_pushed_with_the_jobs_own_token(template: Mapping[str, bytes]) -> None:
    login = field.KEY_LOGIN.replace("_json_key", "${{ github.actor }}").replace(
        "GAR_SECRET_KEY", "GITHUB_TOKEN"
    )
    how = Shell(app=field.APP, login=login, registry="ghcr.io", image="${{ github.repository }}")
    migration = planned(template, field.data100(shell(how)))
    push = loaded(migration, NEW_PUSH)
    assert push["jobs"]["build"]["permissions"] == {"contents": "read", "packages": "write"}
    assert push["jobs"]["bump"]["permissions"] == {"packages": "read"}
    assert inputs(migration, NEW_PUSH, "build")["registry-password"] == "${{ github.token }}"
    assert "if" not in step(push, "docker/login-action")


# Configurations that a line of an old pipeline makes -----------------------------------------------


def edited(old: str, new: str, path: str = PUSH) -> Variant:
    """Returns the template's pipeline with a change."""
    files = shell()
    assert old in files[path].decode()
    files[path] = files[path].replace(old.encode(), new.encode())
    return field.data100(files)


EXACT = "jupyter-repo2docker==2024.07.0"
CONDITION = "    if: vars.ON == 'yes'\n"
MACHINE = "    runs-on: ubuntu-latest\n    timeout"


@pytest.mark.parametrize(
    ("old", "new", "name", "value"),
    [
        ("LATEST_TAG_OFF: true", "LATEST_TAG_OFF: false", "latest", True),
        ("REPO_DIR: /srv/repo", "REPO_DIR: /srv/elsewhere", "repo-dir", "/srv/elsewhere"),
        ("REPO_DIR: /srv/repo", "APPENDIX_FILE: appendix", "appendix-file", "appendix"),
        ("REPO_DIR: /srv/repo", "NOTEBOOK_USER: rstudio", "user-name", "rstudio"),
        ("REPO_DIR: /srv/repo", "REPO2DOCKER_EXTRA_ARGS: --debug -q", "repo2docker-args", "--debug -q"),
        ("REPO_DIR: /srv/repo", "ADDITIONAL_TAG: stable", "extra-tags", "stable"),
        ("REPO_DIR: /srv/repo", "PUBLIC_REGISTRY_CHECK: true", "public-check", True),
        (EXACT, "jupyter-repo2docker>=2025.8", "repo2docker-version", "jupyter-repo2docker>=2025.8"),
        (EXACT, "git+https://a.b/r@main", "repo2docker-version", "git+https://a.b/r@main"),
        ("username: _json_key", "username: robot", "registry-username", "robot"),
    ],
)
def test_an_input_of_the_build_is_carried_over(
    template: Mapping[str, bytes], old: str, new: str, name: str, value: object
) -> None:
    found = inputs(planned(template, edited(old, new)), NEW_PUSH, "build")
    assert found.get(name) == value


@pytest.mark.parametrize("name", ["EXTRA_PIP_INSTALL", "SOMETHING_NEW"])
def test_an_input_that_has_no_like_is_named(template: Mapping[str, bytes], name: str) -> None:
    migration = planned(template, edited("REPO_DIR: /srv/repo", f"{name}: x\n          REPO_DIR: /srv/repo"))
    (left,) = [each for each in migration.left_out if name in each.what]
    assert left.remedy


@pytest.mark.parametrize(
    ("lines", "given"),
    [
        ("BINDER_CACHE: true", {"image": "${{ needs.build.outputs.image }}"}),
        ("MYBINDERORG_TAG: main", {"ref": "main", "prebuild": True}),
        (
            "BINDER_CACHE: true\n          MYBINDERORG_TAG: ${{ github.ref_name }}",
            {"image": "${{ needs.build.outputs.image }}", "prebuild": True},
        ),
    ],
)
def test_what_was_done_for_binder_is_done_by_a_job_of_its_own(
    template: Mapping[str, bytes], lines: str, given: dict[str, object]
) -> None:
    migration = planned(template, edited("REPO_DIR: /srv/repo", f"{lines}\n          REPO_DIR: /srv/repo"))
    jobs = loaded(migration, NEW_PUSH)["jobs"]
    assert jobs["binder"]["needs"] == "build"
    assert jobs["binder"]["permissions"] == {"contents": "write"}
    assert inputs(migration, NEW_PUSH, "binder-badge", "binder") == given
    assert ("image" in jobs["build"]["outputs"]) is ("image" in given)
    assert not [each for each in migration.left_out if "BINDER" in each.what]


@pytest.mark.parametrize(("line", "goes"), [("BINDER_CACHE: true", True), ("MYBINDERORG_TAG: main", False)])
def test_what_was_committed_for_binder_is_not_built(
    template: Mapping[str, bytes], line: str, *, goes: bool
) -> None:
    of = edited("REPO_DIR: /srv/repo", f"{line}\n          REPO_DIR: /srv/repo")
    files = {**of.files, "binder/Dockerfile": b"### DO NOT EDIT\nFROM a/b:1"}
    migration = planned(template, replace(of, files=files))
    assert ("binder/Dockerfile" in migration.files) is goes
    assert any(change.file == "binder/Dockerfile" for change in migration.changes) is goes


@pytest.mark.parametrize(
    ("old", "new", "way", "value"),
    [
        ("runs-on: ubuntu-latest\n    timeout", "runs-on: big\n    timeout", ("build", "runs-on"), "big"),
        ("timeout-minutes: 90", "timeout-minutes: 240", ("build", "timeout-minutes"), 240),
        (MACHINE, CONDITION + MACHINE, ("check", "if"), "vars.ON == 'yes'"),
    ],
)
def test_machine_time_and_condition_are_carried_over(
    template: Mapping[str, bytes], old: str, new: str, way: tuple[str, str], value: object
) -> None:
    job, key = way
    assert loaded(planned(template, edited(old, new)), NEW_PUSH)["jobs"][job][key] == value


@pytest.mark.parametrize(
    ("new", "on"),
    [
        ("  push:\n    branches: [main, live]\n", {"branches": ["main", "live"]}),
        ("  push:\n    branches: [main]\n    tags: ['v*']\n", {"branches": ["main"], "tags": ["v*"]}),
        ("  push:\n    branches: [main]\n    paths: [a.yml]\n", {"branches": ["main"], "paths": ["a.yml"]}),
    ],
)
def test_pushes_that_were_built_are_built(
    template: Mapping[str, bytes], new: str, on: Mapping[str, object]
) -> None:
    files = shell(Shell(app=field.APP, events=f"on:\n{new}"))
    push = loaded(planned(template, field.data100(files)), NEW_PUSH)["on"]["push"]
    assert {key: push.get(key) for key in on} == on
    assert ("tags" in push) == ("tags" in on)


def test_a_schedule_is_carried_over(template: Mapping[str, bytes]) -> None:
    variant_ = edited("on:\n", 'on:\n  # each Monday\n  schedule:\n    - cron: "0 5 * * 1"\n')
    assert loaded(planned(template, variant_), NEW_PUSH)["on"]["schedule"] == [{"cron": "0 5 * * 1"}]


def test_an_event_that_the_new_workflow_is_not_made_for_is_named(template: Mapping[str, bytes]) -> None:
    migration = planned(template, edited("on:\n", "on:\n  release:\n"))
    assert [each.what for each in migration.left_out if "release" in each.what] == ["the event `release`"]


def test_a_second_login_is_a_step_of_its_own(template: Mapping[str, bytes]) -> None:
    hub = field.KEY_LOGIN.replace("@REGISTRY@", "docker.io").replace("GAR_SECRET_KEY", "HUB_KEY") + "\n"
    migration = planned(template, field.data100(shell(Shell(app=field.APP, steps_before=hub))))
    steps = loaded(migration, NEW_PUSH)["jobs"]["build"]["steps"]
    assert [each["with"]["registry"] for each in steps if "login-action" in each.get("uses", "")] == [
        "docker.io"
    ]
    assert migration.unpinned == ("docker/login-action@v3",)


def test_a_step_that_uses_what_is_gone_is_named(template: Mapping[str, bytes]) -> None:
    lost = "- name: Size\n  run: docker image ls ${{ steps.build-and-push.outputs.IMAGE_SHA_NAME }}\n\n"
    migration = planned(template, field.data100(shell(Shell(app=field.APP, steps_after=lost))))
    assert [each.what for each in migration.left_out if "Size" in each.what] == ["the step 'Size'"]
    assert b"IMAGE_SHA_NAME" not in (migration.files[NEW_PUSH] or b"")


def test_a_job_that_opens_pull_requests_elsewhere_is_the_repositorys_own(
    template: Mapping[str, bytes],
) -> None:
    files = shell()
    files[PUSH] += (
        b"\n  downstream:\n    needs: [build-and-push]\n    runs-on: ubuntu-latest\n    permissions: {}\n"
        b"    steps:\n      - name: Tell\n        run: gh pr create --fill\n"
    )
    job = loaded(planned(template, field.data100(files)), NEW_PUSH)["jobs"]["downstream"]
    assert (job["needs"], job["steps"][0]["run"]) == (["build"], "gh pr create --fill")


def test_a_commit_in_the_build_that_is_not_for_deployments_is_a_step_of_its_own(
    template: Mapping[str, bytes],
) -> None:
    push = "- name: Keep a note\n  run: git push origin notes\n\n"
    migration = planned(template, field.data100(shell(Shell(app=field.APP, steps_after=push))))
    names = [each.get("name") for each in loaded(migration, NEW_PUSH)["jobs"]["build"]["steps"]]
    assert names[-1] == "Keep a note"


def test_an_expression_in_a_script_is_carried_over_and_named(template: Mapping[str, bytes]) -> None:
    told = "- name: Size\n  run: docker image inspect ${{ vars.IMAGE }}\n\n"
    migration = planned(template, field.data100(shell(Shell(app=field.APP, steps_after=told))))
    assert b"run: docker image inspect ${{ vars.IMAGE }}\n" in (migration.files[NEW_PUSH] or b"")
    assert any("'Size' puts an expression" in note for note in migration.notes)


def test_a_variable_of_the_job_goes_with_the_step_that_uses_it(template: Mapping[str, bytes]) -> None:
    told = '- name: Size\n  run: docker image inspect "$IMAGE"\n\n'
    migration = planned(template, field.data100(shell(Shell(app=field.APP, steps_after=told))))
    assert loaded(migration, NEW_PUSH)["jobs"]["build"]["env"] == {"IMAGE": "${{ vars.IMAGE }}"}


# Lines that few pipelines have ----------------------------------------------------------------------

BUILD_JOB, TEST_JOB = ("jobs", "build"), ("jobs", "test")
CHECKOUT_WITH = (*BUILD_JOB, "steps", 0, "with")


@pytest.mark.parametrize(
    ("name", "path", "way", "value"),
    [
        ("services", NEW_PUSH, (*BUILD_JOB, "services", "db", "ports"), ["5432:5432"]),
        ("environment", NEW_PUSH, (*BUILD_JOB, "environment"), "production"),
        ("concurrency of a job", NEW_PUSH, (*BUILD_JOB, "concurrency"), {"group": "pushes"}),
        ("defaults", NEW_PUSH, (*BUILD_JOB, "defaults", "run"), {"shell": "bash"}),
        ("rights of a step", NEW_PUSH, (*BUILD_JOB, "permissions", "issues"), "write"),
        ("machine with labels", NEW_PUSH, (*BUILD_JOB, "runs-on"), ["self-hosted", "linux"]),
        ("machine of the test", NEW_TEST, (*TEST_JOB, "runs-on"), "ubuntu-22.04"),
        ("machine of the test", NEW_TEST, (*TEST_JOB, "timeout-minutes"), 200),
        ("condition of the test", NEW_TEST, (*TEST_JOB, "if"), "github.actor != 'a-bot'"),
        ("submodules and LFS", NEW_PUSH, (*CHECKOUT_WITH, "submodules"), "recursive"),
        ("submodules and LFS", NEW_PUSH, (*CHECKOUT_WITH, "lfs"), True),
        ("branch of the checkout", NEW_PUSH, (*CHECKOUT_WITH, "ref"), "live"),
        ("template", NEW_PUSH, (*CHECKOUT_WITH, "fetch-depth"), "0"),
        ("variable that a program reads", NEW_PUSH, (*BUILD_JOB, "env", "BUILDKIT_PROGRESS"), "plain"),
        ("job that the build waits for", NEW_PUSH, (*BUILD_JOB, "needs"), ["check", "look"]),
        ("job that builds by itself", NEW_PUSH, ("jobs", "smoke", "steps", 1, "run"), "./look"),
        ("branches-ignore", NEW_PUSH, ("on", "push"), {"branches-ignore": ["wip"]}),
        ("tags of any name", NEW_PUSH, ("on", "push"), {"branches": ["main"], "tags": ["**"]}),
        ("paths", NEW_PUSH, ("on", "push", "paths"), ["docs/**", "**/*.md"]),
        ("paths", NEW_PUSH, ("on", "schedule"), [{"cron": "1 2 * * 3"}]),
        ("kinds of pull requests", NEW_TEST, ("on", "pull_request", "types"), ["labeled"]),
        ("kinds of pull requests", NEW_TEST, ("on", "pull_request", "branches-ignore"), ["wip"]),
        ("workflow that waits for the push", NEW_PUSH, ("name",), "Build the image, and tell the hubs"),
        ("one workflow for both", NEW_TEST, ("on", "pull_request"), None),
    ],
)
def test_a_line_of_an_old_pipeline_stands_in_the_new_one(
    template: Mapping[str, bytes], name: str, path: str, way: tuple[str | int, ...], value: object
) -> None:
    found = loaded(planned(template, name), path)
    for key in way:
        found = found[key]
    assert found == value


@pytest.mark.parametrize(
    ("name", "registry", "tag", "extra"),
    [
        ("one workflow for both", "quay.io", "${{ github.ref_type == 'tag' && github.ref_name || '' }}", {}),
        (
            "shell variables",
            "quay.io",
            "{sha:40}",
            {"builder": "docker", "context": "docker", "dockerfile": "Dockerfile"},
        ),
        ("docker/build-push-action", "docker.io", "{sha:40}", {"builder": "docker", "latest": True}),
    ],
)
def test_an_image_keeps_its_registry_its_name_and_its_tags(
    template: Mapping[str, bytes], name: str, registry: str, tag: str, extra: Mapping[str, object]
) -> None:
    build = inputs(planned(template, name), NEW_PUSH, "build")
    assert (build["registry"], build["image"], build["tag"]) == (registry, "somebody/some-image", tag)
    assert {key: build.get(key) for key in extra} == extra
    assert build["registry-password"].endswith("_PASSWORD }}")


def test_a_grader_stays_beside_the_pipeline_that_is_migrated(template: Mapping[str, bytes]) -> None:
    migration = planned(template, "grader")
    assert f"{field.WORKFLOWS}grade.yaml" not in migration.files
    assert NEW_PUSH in migration.files
    (told,) = [each for each in migration.left_out if each.file.endswith("grade.yaml")]
    assert "the secrets GRADER_KEY, and runs the code of a fork" in told.why


@pytest.mark.parametrize("name", STAYING)
def test_a_pipeline_that_cannot_be_read_stays_and_the_plan_says_why(
    template: Mapping[str, bytes], name: str
) -> None:
    repository = STAYING[name]()
    migration = planned(template, repository)
    pipelines = {PUSH, TEST, f"{field.WORKFLOWS}all.yaml", NEW_PUSH, NEW_TEST, ROLLBACK}
    assert not pipelines & set(migration.files)
    assert name in " ".join(explain(migration).split())


# Repositories that have the template's files -------------------------------------------------------


def with_template(
    template: Mapping[str, bytes], *, edit: Mapping[str, tuple[str, str]] | None = None
) -> Variant:
    """Returns a repository with the template's files, edited or not."""
    files = dict(template)
    for path, (old, new) in (edit or {}).items():
        assert old in files[path].decode()
        files[path] = files[path].replace(old.encode(), new.encode())
    return field.data100(files)


def test_a_current_repository_has_nothing_to_do(template: Mapping[str, bytes]) -> None:
    migration = planned(template, with_template(template))
    assert (migration.files, migration.changes, migration.left_out) == ({}, (), ())
    assert "Nothing to do." in explain(migration)


def test_only_the_pins_of_an_edited_file_move_and_the_difference_is_told(
    template: Mapping[str, bytes],
) -> None:
    edit = {NEW_TEST: ("  test:\n    name: Build and test\n", "  test: # ours\n    name: Our own test\n")}
    repository = with_template(template, edit=edit)
    migration = planned(template, repository, replace(TARGET, version="2.0.0"))
    moved = repository.files[NEW_TEST].replace(b"@v1\n", b"@v2\n")
    assert migration.files[NEW_TEST] == moved
    (note,) = [note for note in migration.notes if "edited" in note]
    assert "+    name: Our own test" in note


def test_an_unedited_file_of_an_earlier_release_is_replaced_under_its_own_name(
    template: Mapping[str, bytes],
) -> None:
    old = template[NEW_TEST].replace(b"timeout-minutes: 120", b"timeout-minutes: 60")
    own = old.replace(b"build-test@v1", b"build-test@v1.2.0").replace(b"\n", b"\r\n")
    files = {**template, f"{field.WORKFLOWS}ours.yaml": own}
    del files[NEW_TEST]
    history = {"1.2.0": {"test.yaml": digest(old)}}
    migration = plan_migration(files, TARGET, template, repository="o/r", history=history)
    expected = template[NEW_TEST].replace(b"build-test@v1", b"build-test@v1.3.2").replace(b"\n", b"\r\n")
    assert migration.files == {f"{field.WORKFLOWS}ours.yaml": expected}


COMMENT = f"{field.WORKFLOWS}comment.yaml"


def test_the_workflow_that_comments_for_forks_comes_with_the_templates_test(
    template: Mapping[str, bytes],
) -> None:
    own = template[NEW_TEST].replace(b"vars.IMAGE || ''", b"vars.IMAGE || 'p/x'")
    files = {**template, NEW_TEST: own.replace(b"build-test@v1", b"build-test@v1.2.0")}
    del files[COMMENT]
    migration = plan_migration(files, TARGET, template, repository="o/r", history={})
    expected = template[COMMENT].replace(b"comment-result@v1", b"comment-result@v1.3.2")
    assert migration.files[COMMENT] == expected.replace(b"vars.IMAGE || ''", b"vars.IMAGE || 'p/x'")
    assert migration.files[NEW_TEST] == own.replace(b"build-test@v1", b"build-test@v1.3.2")
    assert any("Pull requests from forks" in change.reason for change in migration.changes)


@pytest.mark.parametrize("there", ["edited", "commented", "of its own"])
def test_it_comes_only_where_it_has_something_to_tell(template: Mapping[str, bytes], there: str) -> None:
    files = dict(template)
    del files[COMMENT]
    if there == "edited":
        files[NEW_TEST] = template[NEW_TEST].replace(b"name: Build and test", b"name: Our own test", 1)
    elif there == "commented":
        files[f"{field.WORKFLOWS}ours.yaml"] = template[COMMENT]
    else:
        files[COMMENT] = b"on: push\njobs: {}\n"
    migration = plan_migration(files, TARGET, template, repository="o/r", history={})
    assert COMMENT not in migration.files


def test_a_migrated_test_has_its_comment_for_the_same_image(template: Mapping[str, bytes]) -> None:
    files = shell(Shell(app=field.APP, image="p/course/image", registry="quay.io"), more={})
    migration = planned(template, field.data100(files))
    told = inputs(migration, COMMENT, "comment-result")
    tested = inputs(migration, NEW_TEST, "build-test")
    assert (told["image"], told["registry"]) == (tested["image"], tested["registry"])


@pytest.mark.parametrize(("theirs", "kept"), [("v8.1.0", True), ("v7.0.1", False), ("v6.0.0", False)])
def test_the_newer_pin_of_another_action_is_kept(
    template: Mapping[str, bytes], theirs: str, kept: bool
) -> None:
    own = "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
    repository = with_template(template, edit={NEW_TEST: (own, f"{'f' * 40} # {theirs}")})
    migration = planned(template, repository)
    done = after(repository, migration)[NEW_TEST]
    assert (b"f" * 40 in done) == (kept or theirs == "v7.0.1")


def test_a_forks_template_has_the_forks_actions(template: Mapping[str, bytes]) -> None:
    fork = Target("1.3.2", repository="cal-icor/hub-image-actions")
    migration = planned(template, "cal-icor 0.1.2", fork)
    text = b"".join(content for content in migration.files.values() if content)
    assert b"cal-icor/hub-image-actions/build@v1" in text
    assert b"berkeley-dsep-infra/hub-image-actions" not in text


def test_new_files_are_pinned_as_the_repository_pins(template: Mapping[str, bytes]) -> None:
    files = field.berkeley_caller("main")
    files[BINDER] = template[BINDER].replace(b"binder-badge@v1", f"binder-badge@{'a' * 40} # v1.2.0".encode())
    del files[DISABLED]
    migration = planned(template, field.data100(files))
    assert f"build@{TARGET.commit} # v1.3.2".encode() in (migration.files[NEW_PUSH] or b"")


def test_the_badge_opens_what_it_opened(template: Mapping[str, bytes]) -> None:
    badge = field.SHELL_BINDER.replace("${process.env.REF}`", "${process.env.REF}?urlpath=rstudio%2F`")
    migration = planned(template, field.data100(shell(more={BINDER: badge})))
    assert inputs(migration, BINDER, "binder-badge", "badge")["urlpath"] == "rstudio/"
    assert inputs(migration, NEW_TEST, "binder-badge")["urlpath"] == "rstudio/"


def test_a_variable_of_the_whole_workflow_is_read(template: Mapping[str, bytes]) -> None:
    files = shell(Shell(app=field.APP, registry="${{ env.HOST }}"))
    files[PUSH] = b"env:\n  HOST: quay.io\n" + files[PUSH]
    assert inputs(planned(template, field.data100(files)), NEW_PUSH, "build")["registry"] == "quay.io"


def test_a_step_that_looks_for_the_deployments_in_another_way_is_replaced_too(
    template: Mapping[str, bytes],
) -> None:
    migration = planned(
        template, edited("grep -lr ${IMAGE} deployments/", "find deployments -name common.yaml")
    )
    assert b"Put the new tag in" not in (migration.files[NEW_PUSH] or b"")


def test_a_base_image_whose_pipeline_has_both_ways_to_build_keeps_its_own(
    template: Mapping[str, bytes],
) -> None:
    name = "github.event.repository.name"
    base = f"startsWith({name}, 'base-') && endsWith({name}, '-image')"
    native = field.NATIVE.replace("  id:", f"  if: {base}\n  id:").replace("build-and-push", "native")
    other = field.REPO2DOCKER.replace("  id:", f"  if: ${{{{ !({base}) }}}}\n  id:")
    files = shell(Shell(app=field.APP, build=f"{native}\n{other}"))
    for repository, builder in (("o/base-r-image", "docker"), ("o/r-user-image", None)):
        build = inputs(planned(template, Variant(repository, files)), NEW_PUSH, "build")
        assert build.get("builder") == builder
        assert ("repo2docker-version" in build) == (builder is None)


def test_a_check_of_workflows_that_the_template_lacks_is_named(template: Mapping[str, bytes]) -> None:
    files = field.cal_icor_caller("0.5.0", keyless=True)
    files[field.LINT] = files[field.LINT].replace(b"yaml-lint.yaml", b"action-lint-prs.yaml")
    left = planned(template, Variant("cal-icor/a-user-image", files)).left_out
    assert [each.file for each in left if "actionlint" in each.what] == [field.LINT]


# What stays in people's hands ----------------------------------------------------------------------


def test_two_pipelines_that_push_are_left_and_named(template: Mapping[str, bytes]) -> None:
    files = shell()
    files[f"{field.WORKFLOWS}another.yaml"] = files[PUSH]
    migration = planned(template, field.data100(files))
    assert migration.files == {}
    assert {each.file for each in migration.left_out} == {PUSH, f"{field.WORKFLOWS}another.yaml"}


def test_an_old_pipeline_beside_the_templates_is_left_and_named(template: Mapping[str, bytes]) -> None:
    migration = planned(template, field.data100({**template, PUSH: shell()[PUSH]}))
    assert migration.files == {}
    assert [each.file for each in migration.left_out] == [PUSH]


def test_a_file_that_is_no_yaml_is_named_with_its_line_and_the_rest_is_done(
    template: Mapping[str, bytes],
) -> None:
    broken = f"{field.WORKFLOWS}broken.yaml"
    migration = planned(template, field.data100({**shell(), broken: b"jobs:\n  a: [\n"}))
    assert [(each.line, "not YAML" in each.why) for each in migration.left_out if each.file == broken] == [
        (3, True)
    ]
    assert NEW_PUSH in migration.files


def test_a_workflow_of_the_repositorys_own_is_not_touched(template: Mapping[str, bytes]) -> None:
    own = f"{field.WORKFLOWS}own.yaml"
    text = b"on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make # build\n"
    assert own not in planned(template, field.data100({**shell(), own: text})).files


def test_a_lint_workflow_that_does_more_is_not_touched(template: Mapping[str, bytes]) -> None:
    files = shell()
    files[field.LINT] += b"      - name: More\n        run: make check\n"
    assert field.LINT not in planned(template, field.data100(files)).files


def test_a_workflow_that_does_more_than_an_unsafe_build_stays_and_its_danger_is_told(
    template: Mapping[str, bytes],
) -> None:
    files = field.unsafe()
    files[TEST] += b"  more:\n    runs-on: x\n    steps:\n      - run: make more\n"
    migration = planned(template, field.data100(files))
    assert TEST not in migration.files
    (told,) = [each for each in migration.left_out if "the workflow on" in each.what]
    assert (told.what, told.line) == ("the workflow on `pull_request_target`", 4)
    assert "GAR_SECRET_KEY, and runs the code of a fork" in told.why


def test_companions_that_are_there_stay(template: Mapping[str, bytes]) -> None:
    there = {
        ".github/dependabot.yaml": b"version: 2\n",
        ".yamllint": b"extends: relaxed\n",
        "zizmor.yml": b"rules: {}\n",
    }
    files = planned(template, field.data100({**shell(), **there})).files
    assert [path for path in files if not path.startswith(field.WORKFLOWS)] == []


def test_a_repository_without_workflows_has_nothing_to_do(template: Mapping[str, bytes]) -> None:
    migration = planned(template, field.data100(field.image_files()))
    assert (migration.files, migration.kind) == ({}, "no pipeline that we know")


def test_an_image_that_nothing_named_is_asked_for(template: Mapping[str, bytes]) -> None:
    files = field.quay()
    path = f"{field.WORKFLOWS}build.yaml"
    files[path] = files[path].replace(b'        IMAGE_NAME: "somebody/some-image"\n', b"")
    files[NEW_TEST] = files[NEW_TEST].replace(b'        IMAGE_NAME: "somebody/some-image"\n', b"")
    assert planned(template, Variant("somebody/some-image", files)).variables == {"IMAGE": "ask"}
