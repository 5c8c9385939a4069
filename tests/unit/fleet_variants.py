"""Image repositories as the field has them, one of each kind, written for these tests.

`BUILDERS` holds all of them by name. A file's text has the structure of what such repositories hold: the
actions that are used, their inputs, the names of secrets and variables, the order of steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import dedent, indent

Files = dict[str, bytes]
WORKFLOWS = ".github/workflows/"
PUSH, TEST = f"{WORKFLOWS}build-push-create-pr.yaml", f"{WORKFLOWS}build-test-image.yaml"
LINT, BINDER = f"{WORKFLOWS}yaml-lint.yaml", f"{WORKFLOWS}binder.yaml"
DISABLED = f"{BINDER}.disable"
SLACK = "slackapi/slack-github-action"

_IGNORED = ("README.md", "CONTRIBUTING.md", "LICENSE", ".github/**", "images/**")
_ON_MAIN = """\
on:
  workflow_dispatch:
  push:
    branches:
      - main
    paths-ignore:
"""


@dataclass(frozen=True)
class Variant:
    """An image repository."""

    repository: str
    files: Mapping[str, bytes]


def image_files() -> Files:
    """Returns what every image repository holds beside its workflows."""
    return {
        "README.md": b"# An image\n",
        "environment.yml": b"dependencies:\n  - python=3.12.*\n",
        "apt.txt": b"git\n",
        "image-tests/test_python.py": b"def test_python() -> None:\n    assert True\n",
    }


def ignored(*more: str) -> str:
    """Returns a list of paths as these repositories quote it."""
    return "".join(f"      - '{path}'\n" for path in (*_IGNORED, *more))


def on_main(*more: str) -> str:
    """Returns the events of a push pipeline."""
    return _ON_MAIN + ignored(*more)


def on_pull_request(*more: str) -> str:
    """Returns the events of a test."""
    return "on:\n  pull_request:\n    paths-ignore:\n" + ignored(*more)


# Callers of shared workflows ---------------------------------------------------------------------


def berkeley_caller(ref: str) -> Files:
    """Returns the callers of `update-deployment`."""
    shared = "berkeley-dsep-infra/update-deployment/.github/workflows/shared"
    push = f"""\
name: Call the shared build

{on_main()}
jobs:
  call-shared-build-push-create-pr:
    uses: {shared}-build-push-create-pr.yaml@{ref}
    with:
      image: ${{{{ vars.IMAGE}}}}
      hub: ${{{{ vars.HUB }}}}
      app_id: ${{{{ vars.APP_ID }}}}
      image_builder_bot_name: ${{{{ vars.IMAGE_BUILDER_BOT_NAME }}}}
      image_builder_bot_email: ${{{{ vars.IMAGE_BUILDER_BOT_EMAIL }}}}
    secrets:
      GAR_SECRET_KEY: ${{{{ secrets.GAR_SECRET_KEY }}}}
      PRIVATE_KEY_SECRET: ${{{{ secrets.PRIVATE_KEY_SECRET }}}}
"""
    test = f"""\
name: Call the shared test

{on_pull_request()}
jobs:
  call-shared-build-test-image:
    uses: {shared}-build-test-image.yaml@{ref}
    with:
      image: ${{{{ vars.IMAGE}}}}
    secrets:
      GAR_SECRET_KEY: ${{{{ secrets.GAR_SECRET_KEY }}}}
"""
    lint = f"name: Lint\non:\n  pull_request:\n\njobs:\n  lint:\n    uses: {shared}-yaml-lint.yaml@{ref}\n"
    binder = f"""\
name: Call the shared badge

on:
  pull_request_target:
    types: [opened]

jobs:
  call-shared-binder:
    uses: {shared}-binder.yaml@{ref}
    with:
      pr_head_ref: ${{{{ github.event.pull_request.head.ref }}}}
      pr_head_userrepo: ${{{{ github.event.pull_request.head.repo.full_name }}}}
      pr_number: ${{{{ github.event.pull_request.number }}}}
"""
    return files_of({PUSH: push, TEST: test, LINT: lint, DISABLED: binder})


def cal_icor_caller(ref: str, *, keyless: bool, more: str = "") -> Files:
    """Returns the callers of `cal-icor/shared-workflows`, with key and token, or keyless and with the App."""
    shared = "cal-icor/shared-workflows/.github/workflows"
    rights = "      id-token: write\n" if keyless else ""
    given = (
        "      wif_provider: ${{ vars.GAR_WIF_PROVIDER }}\n      gar_service_account: ${{ vars.GAR_SA }}\n"
        "    secrets:\n      PRIVATE_KEY_SECRET: ${{ secrets.PRIVATE_KEY_SECRET }}\n"
        if keyless
        else "    secrets:\n      GAR_SECRET_KEY: ${{ secrets.GAR_SECRET_KEY }}\n"
        "      IMAGE_BUILDER_CREATE_PR: ${{ secrets.IMAGE_BUILDER_CREATE_PR }}\n"
    )
    push = f"""\
name: Build the image, then the hubs' repository
{on_main("README-template.md", "image-tests/**", "browser-tests/**")}
jobs:
  build-push-open-pr:
    permissions:
      contents: write
      pull-requests: write
{rights}    uses: {shared}/build-push-create-pr.yaml@{ref}
    with:
      image: ${{{{ vars.IMAGE}}}}
      hub: ${{{{ vars.HUB }}}}
      app_id: ${{{{ vars.APP_ID }}}}
      image_builder_bot_name: ${{{{ vars.IMAGE_BUILDER_BOT_NAME }}}}
      image_builder_bot_email: ${{{{ vars.IMAGE_BUILDER_BOT_EMAIL }}}}
{given}{more}"""
    test = (
        f"name: Test\n\n{on_pull_request('browser-tests/**')}\njobs:\n"
        f"  test-build:\n    uses: {shared}/build-test-image.yaml@{ref}\n"
    )
    lint = f"name: Lint\non:\n  pull_request:\njobs:\n  lint:\n    uses: {shared}/yaml-lint.yaml@{ref}\n"
    return files_of({PUSH: push, TEST: test, LINT: lint})


DOWNSTREAM = """\

  # The images that are built on this one.
  update-downstream:
    name: Tell the images above
    needs: build-push-open-pr
    if: ${{ needs.build-push-open-pr.outputs.image-tag != '' }}
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions: {}
    steps:
      - name: Tell them
        env:
          TAG: ${{ needs.build-push-open-pr.outputs.image-tag }}
        run: echo "The new tag is $TAG"
"""


# Pipelines written out ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Shell:
    """How a pipeline of shell steps is made: what differs between repositories."""

    events: str = ""
    registry: str = "us-central1-docker.pkg.dev"
    login: str = ""
    build: str = ""
    version: str = "2024.07.0"
    steps_before: str = ""
    steps_after: str = ""
    token: str = "${{ steps.app-token.outputs.token }}"
    app: str = ""
    deployments: str = "berkeley-dsep-infra/datahub"
    base: str = "staging"
    image: str = "${{ vars.IMAGE }}"
    hub: str = "${{ vars.HUB }}"
    tag: str = "${{ steps.build-and-push.outputs.IMAGE_SHA_TAG }}"
    rights: str = ""


APP = """\
- uses: actions/create-github-app-token@v1
  id: app-token
  with:
    app-id: ${{ vars.APP_ID }}
    private-key: ${{ secrets.PRIVATE_KEY_SECRET}}
    owner: ${{ github.repository_owner }}
"""
KEY_LOGIN = """\
- name: Registry login
  uses: docker/login-action@v3
  with:
    registry: @REGISTRY@
    username: _json_key
    password: ${{ secrets.GAR_SECRET_KEY }}
"""
REPO2DOCKER = """\
- name: Build, and push to the registry
  id: build-and-push
  uses: jupyterhub/repo2docker-action@master
  with:
    FORCE_REPO2DOCKER_VERSION: jupyter-repo2docker==@VERSION@
    DOCKER_REGISTRY: @REGISTRY@
    IMAGE_NAME: ${{ env.IMAGE }}
    # People lose track of what latest is
    LATEST_TAG_OFF: true
    REPO_DIR: /srv/repo
"""
NATIVE = """\
- name: Build with Docker
  id: build-and-push
  run: |
    VERSION=${GITHUB_SHA::7}
    IMAGE_TAG=@REGISTRY@/${{ env.IMAGE }}:${VERSION}
    docker build -t $IMAGE_TAG .
    docker push $IMAGE_TAG
    echo "IMAGE_SHA_TAG=$VERSION" >> $GITHUB_OUTPUT
"""


def shell_push(how: Shell) -> str:
    """Returns a push pipeline of shell steps."""
    return f"{_shell_build(how)}{_shell_bump(how)}"


def _shell_build(how: Shell) -> str:
    """Returns the job that builds and pushes."""
    login = (how.login or KEY_LOGIN).replace("@REGISTRY@", how.registry)
    build = (how.build or REPO2DOCKER).replace("@REGISTRY@", how.registry).replace("@VERSION@", how.version)
    return f"""\
name: Build the image, and tell the hubs
{how.events or on_main()}
jobs:
  build-and-push:
    runs-on: ubuntu-latest
    timeout-minutes: 90
{how.rights}    env:
      DOCKER_CONFIG: $HOME/.docker
      IMAGE: {how.image}
    outputs:
      image-tag: {how.tag}

    steps:
      - name: Get the image's repository
        uses: actions/checkout@v4
        with:
          fetch-depth: 0  # all of it

      - name: Make room
        run: |
          sudo rm -rf /usr/local/lib/android /usr/share/dotnet /opt/ghc
          df -h

{steps(how.steps_before)}{steps(login)}{steps(build)}      # Shows how images grow
      - name: Room that is left
        run: df -h

{steps(how.steps_after)}
"""


PUT_THE_TAG_IN = """\
      - name: Put the new tag in
        if: ${{ env.IMAGE_TAG }}
        run: |
          for file in $(grep -lr ${IMAGE} deployments/); do
            old=$(grep ${IMAGE} ${file} | awk -F":" '{print $3}')
            sed -i -e "s,${IMAGE}:${old},${IMAGE}:${IMAGE_TAG},g" ${file}
          done

"""
NOTHING_TO_DO = """\
      - name: Say that there is nothing to do
        if: ${{ ! env.IMAGE_TAG }}
        run: |
          echo "No new image"
"""


def _shell_bump(how: Shell) -> str:
    """Returns the job that moves the hubs."""
    return f"""\
  update-deployment-image-tag:
    runs-on: ubuntu-latest
    needs: build-and-push
    permissions:
      contents: write
      pull-requests: write
    env:
      HUB: {how.hub}
      IMAGE: {how.image}
      IMAGE_TAG: ${{{{ needs.build-and-push.outputs.image-tag }}}}

    steps:
{steps(how.app)}      - name: Get the deployments
        if: ${{{{ env.IMAGE_TAG }}}}
        uses: actions/checkout@v4
        with:
          token: {how.token}
          fetch-depth: 0
          repository: '{how.deployments}'
          sparse-checkout: |
            deployments/

      - name: Say who commits
        if: ${{{{ env.IMAGE_TAG }}}}
        run: |
          git config --global user.email "${{{{ vars.IMAGE_BUILDER_BOT_EMAIL }}}}"
          git config --global user.name "${{{{ vars.IMAGE_BUILDER_BOT_NAME }}}}"

{PUT_THE_TAG_IN}      - name: Commit, push, open the pull request
        if: ${{{{ env.IMAGE_TAG }}}}
        env:
          GH_TOKEN: {how.token}
        run: |
          BRANCH="update-${{HUB}}-image-tag-${{IMAGE_TAG}}"
          git checkout -b ${{BRANCH}}
          git commit -a -m "update ${{HUB}} image tag to ${{IMAGE_TAG}}"
          git push origin ${{BRANCH}}
          gh pr new -t "update ${{HUB}}" -b "by hand" -H${{BRANCH}} -B{how.base}

{NOTHING_TO_DO}"""


def shell_test(version: str = "2024.07.0", events: str = "", before: str = "") -> str:
    """Returns a test of shell steps."""
    return f"""\
name: Build the image for a pull request

{events or on_pull_request()}
jobs:
  test-build:
    runs-on: ubuntu-latest
    timeout-minutes: 90
    env:
      DOCKER_CONFIG: $HOME/.docker
    steps:
      - name: Get the files
        uses: actions/checkout@v4

      - name: Make room
        run: |
          sudo rm -rf /usr/local/lib/android /usr/share/dotnet /opt/ghc
          df -h

{steps(before)}      - name: Build, and run the image's tests
        uses: jupyterhub/repo2docker-action@master
        with:
          FORCE_REPO2DOCKER_VERSION: jupyter-repo2docker=={version}
          REPO_DIR: /srv/repo
          NO_PUSH: true

      - name: Room that is left
        run: df -h
"""


SHELL_LINT = """\
name: Lint
on:
  pull_request:

jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4

      - name: Get yamllint
        run: pip install yamllint==1.35.1

      - name: Lint
        run: yamllint --no-warnings .
"""
SHELL_BINDER = """\
# A badge for each pull request
name: Badge
on:
  pull_request_target:
    types: [opened]

permissions:
  pull-requests: write

jobs:
  binder:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/github-script@v3
        with:
          github-token: ${{ secrets.GITHUB_TOKEN }}
          script: |
            github.issues.createComment({
              issue_number: context.issue.number, owner: context.repo.owner, repo: context.repo.repo,
              body: `https://mybinder.org/v2/gh/${process.env.REPO}/${process.env.REF}`
            })
        env:
          REF: ${{ github.event.pull_request.head.ref }}
          REPO: ${{ github.event.pull_request.head.repo.full_name }}
"""


def shell(how: Shell | None = None, *, test: str = "", more: Mapping[str, str] | None = None) -> Files:
    """Returns a repository with a pipeline of shell steps."""
    texts = {PUSH: shell_push(how or Shell(app=APP)), TEST: test or shell_test(), LINT: SHELL_LINT}
    return files_of({**texts, **(more or {})})


OLDER_CHANGES = """\
- name: What changed
  id: changed-files
  uses: tj-actions/changed-files@v44
  with:
    files_ignore: |
      README.md
      LICENSE
      .github/**
      images/**
"""
IPV4 = """\
# Mirrors time out over IPv6 here
- name: IPv4 only
  run: |
    echo '{"ipv6": false}' | sudo tee /etc/docker/daemon.json
    sudo systemctl restart docker
"""
NOTIFY = """\
- name: Tell Slack
  if: always()
  uses: slackapi/slack-github-action@v3
  with:
    webhook: ${{ secrets.SLACK_WEBHOOK_URL }}
    webhook-type: incoming-webhook
    payload: |
      {"text": "image `${{ steps.build-and-push.outputs.IMAGE_SHA_TAG }}`"}
"""
RETAG = """\
- name: Name the image by the version
  if: github.ref_type == 'tag'
  run: |
    SRC="us-central1-docker.pkg.dev/${IMAGE}:${{ steps.build-and-push.outputs.IMAGE_SHA_TAG }}"
    DST="us-central1-docker.pkg.dev/${IMAGE}:${{ github.ref_name }}"
    docker tag "$SRC" "$DST"
    docker push "$DST"

- name: Which tag
  id: resolve-tag
  run: |
    if [[ "${{ github.ref_type }}" == "tag" ]]; then
      echo "tag=${{ github.ref_name }}" >> $GITHUB_OUTPUT
    else
      echo "tag=${{ steps.build-and-push.outputs.IMAGE_SHA_TAG }}" >> $GITHUB_OUTPUT
    fi

"""
KEYLESS_LOGIN = """\
- name: Google, without a key
  id: auth
  uses: google-github-actions/auth@v2
  with:
    workload_identity_provider: ${{ vars.WIF_PROVIDER }}
    service_account: pusher@project.iam.gserviceaccount.com
    token_format: access_token

- uses: docker/login-action@v3
  with:
    registry: @REGISTRY@
    username: oauth2accesstoken
    password: ${{ steps.auth.outputs.access_token }}
"""
FORK_HEAD = """\
- name: The pull request's own code
  uses: actions/checkout@v4
  with:
    ref: ${{ github.event.pull_request.head.sha }}

"""


def edx() -> Files:
    """Returns a repository that releases by version tags, under names of its own."""
    app = APP.replace("create-github-app-token@v1", "create-github-app-token@v3").replace(
        "app-id", "client-id"
    )
    app = app.replace("vars.APP_ID", "vars.EDX_IMAGE_BUILDER_APP_ID")
    app = app.replace("secrets.PRIVATE_KEY_SECRET", "secrets.EDX_IMAGE_BUILDER_PRIVATE_KEY")
    how = Shell(
        events="on:\n  workflow_dispatch:\n  push:\n    tags:\n      - '[0-9]+.[0-9]+.[0-9]+'\n",
        login=KEY_LOGIN.replace("GAR_SECRET_KEY", "GAR_SECRET_KEY_EDX"),
        app=app,
        steps_after=RETAG + NOTIFY,
        deployments="edx-berkeley/edx-hub",
        tag="${{ steps.resolve-tag.outputs.tag }}",
    )
    return shell(how)


def unsafe() -> Files:
    """Returns a repository that builds what forks propose, with its secrets at hand."""
    events = "on:\n  pull_request_target:\n    types: [opened, synchronize]\n"
    login = KEY_LOGIN.replace("@REGISTRY@", "us-central1-docker.pkg.dev")
    return shell(test=shell_test(events=events, before=FORK_HEAD + login + "\n"))


def quay() -> Files:
    """Returns a repository that pushes to Quay, with `latest`, and has no hub."""
    push = """\
name: Build
on:
  push:
    branches:
      - main
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
    - name: Get the files
      uses: actions/checkout@main
    - name: Build and push
      uses: jupyterhub/repo2docker-action@master
      with:
        DOCKER_USERNAME: ${{ secrets.QUAY_USERNAME }}
        DOCKER_PASSWORD: ${{ secrets.QUAY_PASSWORD }}
        DOCKER_REGISTRY: "quay.io"
        IMAGE_NAME: "somebody/some-image"
"""
    test = push.replace("push:\n    branches:\n      - main", "pull_request:").replace("Build\n", "Test\n", 1)
    test = test.replace('DOCKER_REGISTRY: "quay.io"', 'NO_PUSH: "true"')
    return files_of({f"{WORKFLOWS}build.yaml": push, f"{WORKFLOWS}test.yaml": test, BINDER: SHELL_BINDER})


def steps(text: str) -> str:
    """Returns steps at their place in a workflow."""
    return indent(dedent(text), "      ") + "\n" * bool(text and not text.endswith("\n\n"))


def files_of(texts: Mapping[str, str]) -> Files:
    """Returns a repository's files."""
    return {**image_files(), **{path: text.encode() for path, text in texts.items()}}


def data100(files: Files) -> Variant:
    """Returns a variant under a Berkeley image's name."""
    return Variant("berkeley-dsep-infra/data100-user-image", files)


BUILDERS: Mapping[str, Callable[[], Variant]] = {
    "update-deployment at main": lambda: data100(berkeley_caller("main")),
    "update-deployment at a branch": lambda: data100(berkeley_caller("DH-650")),
    "update-deployment, base image": lambda: Variant(
        "berkeley-dsep-infra/base-python-image", berkeley_caller("main")
    ),
    "template": lambda: data100(shell(more={DISABLED: SHELL_BINDER})),
    "older template": lambda: data100(
        shell(
            Shell(
                events="on:\n  push:\n    branches:\n      - main\n",
                steps_before=OLDER_CHANGES,
                token="${{ secrets.DATAHUB_CREATE_PR }}",
            ),
            test=shell_test(events="on:\n  pull_request:\n"),
        )
    ),
    "oldest template": lambda: data100(shell(Shell(token="${{ secrets.DATAHUB_USER_IMAGE_BRANCH_PUSH }}"))),
    "edited: step of its own": lambda: data100(shell(Shell(app=APP, steps_before=IPV4))),
    "edited: registry in a variable": lambda: Variant(
        "cal-icor/csumb-user-image",
        shell(
            Shell(
                registry="${{ vars.GOOGLE_ARTIFACT_REGISTRY }}",
                version="2025.08.0",
                token="${{ secrets.IMAGE_BUILDER_CREATE_PR }}",
                deployments="cal-icor/cal-icor-hubs",
                base="prod",
            ),
            test=shell_test("2025.08.0"),
        ),
    ),
    "edited: keyless": lambda: data100(
        shell(
            Shell(
                app=APP,
                login=KEYLESS_LOGIN,
                rights="    permissions:\n      contents: read\n      id-token: write\n",
            )
        )
    ),
    "edited: native Docker": lambda: data100(shell(Shell(app=APP, build=NATIVE))),
    "edited: literal names": lambda: data100(
        shell(Shell(app=APP, image="ucb-datahub-2018/user-images/data100-user-image", hub="data100"))
    ),
    "version tags": lambda: Variant("edx-berkeley/edx-user-image", edx()),
    "cal-icor 0.5.0": lambda: Variant(
        "cal-icor/base-user-image", cal_icor_caller("0.5.0", keyless=True, more=DOWNSTREAM)
    ),
    "cal-icor 0.1.2": lambda: Variant("cal-icor/workshop-gpu-image", cal_icor_caller("0.1.2", keyless=False)),
    "fork's code with secrets": lambda: data100(unsafe()),
    "Quay": lambda: Variant("somebody/some-image", quay()),
}


def variant(name: str) -> Variant:
    """Returns a repository of a kind."""
    return BUILDERS[name]()
