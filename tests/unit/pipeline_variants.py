"""Image repositories whose pipelines hold what few have: each is one line of what a workflow can say.

`MIGRATED` become the template's workflows, with that line in them; `STAYING` cannot be read with certainty,
and stay as they are.
"""

from collections.abc import Callable, Mapping

from unit.fleet_variants import (
    APP,
    NATIVE,
    PUSH,
    TEST,
    WORKFLOWS,
    Files,
    Shell,
    Variant,
    data100,
    files_of,
    shell,
)

MACHINE = "    runs-on: ubuntu-latest\n    timeout-minutes: 90\n"
CHECKOUT = "          fetch-depth: 0  # all of it\n"
OWN = "- name: Mine\n  run: make\n\n"
GRADER = f"{WORKFLOWS}grade.yaml"


def with_line(old: str, new: str, path: str = PUSH, how: Shell | None = None) -> Variant:
    """Returns the template's pipeline with a change."""
    files = shell(how or Shell(app=APP))
    assert old in files[path].decode()
    files[path] = files[path].replace(old.encode(), new.encode(), 1)
    return data100(files)


def in_job(lines: str, *, path: str = PUSH, own: str = "") -> Variant:
    """Returns the template's pipeline with more keys in the job that builds."""
    return with_line(MACHINE, MACHINE + lines, path, Shell(app=APP, steps_after=own))


def with_job(lines: str, *, needs: str = "") -> Variant:
    """Returns the template's pipeline with a job of its own, which the build may wait for."""
    files = shell(Shell(app=APP))
    files[PUSH] += lines.encode()
    if needs:
        files[PUSH] = files[PUSH].replace(MACHINE.encode(), f"    needs: {needs}\n{MACHINE}".encode(), 1)
    return data100(files)


def events(lines: str) -> Variant:
    """Returns the template's pipeline for other events."""
    return data100(shell(Shell(app=APP, events=f"on:\n{lines}")))


def pipeline(steps: str, on: str = "  push:\n    branches: [main]\n", job: str = "") -> Files:
    """Returns a repository with one workflow of one job."""
    text = (
        f"name: All\non:\n{on}jobs:\n  build:\n    runs-on: ubuntu-latest\n{job}    steps:\n"
        f"      - uses: actions/checkout@v4\n{steps}"
    )
    return files_of({f"{WORKFLOWS}all.yaml": text})


BOTH_EVENTS = "  push:\n    branches: [main]\n  pull_request:\n"
ONE_FOR_BOTH = """\
      - name: Build
        uses: jupyterhub/repo2docker-action@master
        with:
          DOCKER_USERNAME: ${{ secrets.QUAY_USERNAME }}
          DOCKER_PASSWORD: ${{ secrets.QUAY_PASSWORD }}
          DOCKER_REGISTRY: quay.io
          IMAGE_NAME: somebody/some-image
          NO_PUSH: ${{ github.event_name == 'pull_request' }}
"""
SHELL_VARIABLES = """\
      - uses: docker/login-action@v3
        with:
          registry: quay.io
          username: ${{ secrets.QUAY_USERNAME }}
          password: ${{ secrets.QUAY_PASSWORD }}
      - name: Build and push
        env:
          NAME: quay.io/somebody/some-image
        run: |
          TAG=$(git rev-parse HEAD)
          docker build --file docker/Dockerfile \\
            --tag "$NAME:$TAG" docker
          docker push "$NAME:$TAG"
"""
BUILD_PUSH = """\
      - uses: docker/setup-buildx-action@v3
      - uses: docker/login-action@v3
        with:
          username: ${{ secrets.HUB_USERNAME }}
          password: ${{ secrets.HUB_PASSWORD }}
      - uses: docker/build-push-action@v6
        with:
          context: .
          push: ${{ github.event_name != 'pull_request' }}
          tags: |
            somebody/some-image:${{ github.sha }}
            somebody/some-image:latest
          cache-from: type=gha
"""
ECR = """\
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ vars.ROLE }}
          aws-region: us-west-2
      - id: ecr
        uses: aws-actions/amazon-ecr-login@v2
      - name: Build and push
        env:
          REGISTRY: ${{ steps.ecr.outputs.registry }}
        run: |
          docker build -t $REGISTRY/hub:${{ github.sha }} .
          docker push $REGISTRY/hub:${{ github.sha }}
"""
MATRIX = """\
    strategy:
      matrix:
        image: [one, two]
"""
GRADES = """\
name: Grade
on:
  pull_request_target:
jobs:
  grade:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          ref: ${{ github.event.pull_request.head.sha }}
      - uses: jupyterhub/repo2docker-action@master
        with:
          NO_PUSH: true
      - name: Grade the notebooks
        env:
          KEY: ${{ secrets.GRADER_KEY }}
        run: ./grade
"""
SMOKE = """\

  smoke:
    name: Build once more, and look at it
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: jupyterhub/repo2docker-action@bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb # 0.2
        with:
          NO_PUSH: "true"
      - name: Look
        run: ./look
"""
LISTENER = """\
name: After
on:
  workflow_run:
    workflows: ["Build the image, and tell the hubs"]
    types: [completed]
permissions: {}
jobs:
  after:
    name: After
    runs-on: ubuntu-latest
    steps:
      - name: Tell
        run: echo after
"""


def grader() -> Variant:
    """Returns a repository whose pull requests are graded by a workflow of their own."""
    return data100(shell(Shell(app=APP), more={GRADER: GRADES}))


def somebody(files: Files) -> Variant:
    """Returns a variant under a name that says nothing."""
    return Variant("somebody/some-image", files)


MIGRATED: Mapping[str, Callable[[], Variant]] = {
    "services": lambda: in_job(
        f"    services:\n      db:\n        image: postgres@sha256:{'a' * 64}\n        ports: ['5432:5432']\n"
    ),
    "environment": lambda: in_job("    environment: production\n"),
    "concurrency of a job": lambda: in_job("    concurrency:\n      group: pushes\n"),
    "defaults": lambda: in_job("    defaults:\n      run:\n        shell: bash\n", own=OWN),
    "rights of a step": lambda: in_job(
        "    permissions:\n      issues: write\n      contents: read\n", own=OWN
    ),
    "machine with labels": lambda: with_line(MACHINE, "    runs-on: [self-hosted, linux]\n"),
    "machine of the test": lambda: with_line(
        MACHINE, "    runs-on: ubuntu-22.04\n    timeout-minutes: 200\n", TEST
    ),
    "condition of the test": lambda: in_job("    if: github.actor != 'a-bot'\n", path=TEST),
    "submodules and LFS": lambda: with_line(
        CHECKOUT, "          submodules: recursive\n          lfs: true\n"
    ),
    "branch of the checkout": lambda: with_line(CHECKOUT, "          ref: live\n"),
    "variable that a program reads": lambda: with_line(
        "      DOCKER_CONFIG: $HOME/.docker\n", "      BUILDKIT_PROGRESS: plain\n"
    ),
    "job that the build waits for": lambda: with_job(
        "\n  look:\n    name: Look\n    runs-on: ubuntu-latest\n    permissions: {}\n"
        "    steps:\n      - name: Look\n        run: ls\n",
        needs="look",
    ),
    "job that builds by itself": lambda: with_job(SMOKE),
    "branches-ignore": lambda: events("  push:\n    branches-ignore: [wip]\n"),
    "tags of any name": lambda: events("  push:\n    branches: [main]\n    tags: ['**']\n"),
    "paths": lambda: events(
        "  push:\n    branches: [main]\n    paths: [docs/**, '**/*.md']\n  schedule:\n"
        "    - cron: '1 2 * * 3'\n"
    ),
    "kinds of pull requests": lambda: with_line(
        "  pull_request:\n", "  pull_request:\n    types: [labeled]\n    branches-ignore: [wip]\n", TEST
    ),
    "workflow that waits for the push": lambda: data100(
        shell(Shell(app=APP), more={f"{WORKFLOWS}after.yaml": LISTENER})
    ),
    "one workflow for both": lambda: somebody(pipeline(ONE_FOR_BOTH, BOTH_EVENTS)),
    "shell variables": lambda: somebody(pipeline(SHELL_VARIABLES)),
    "docker/build-push-action": lambda: somebody(pipeline(BUILD_PUSH, BOTH_EVENTS)),
    "grader": grader,
}
STAYING: Mapping[str, Callable[[], Variant]] = {
    "strategy": lambda: somebody(pipeline(ONE_FOR_BOTH, job=MATRIX)),
    "container": lambda: in_job("    container: python:3.12\n"),
    "workflow_call": lambda: events("  push:\n    branches: [main]\n  workflow_call:\n"),
    "builds its image": lambda: somebody(pipeline(ECR, job="    permissions:\n      id-token: write\n")),
    "its jobs that push": lambda: with_job(SMOKE.replace('NO_PUSH: "true"', "IMAGE_NAME: a/b")),
    "condition of its push": lambda: with_line(
        "          # People lose",
        "          NO_PUSH: ${{ github.ref != 'refs/heads/main' }}\n          # People lose",
    ),
    "condition of its build": lambda: with_line(
        "        id: build-and-push\n", "        id: build-and-push\n        if: vars.ON == 'yes'\n"
    ),
    "folder of its checkout": lambda: with_line(CHECKOUT, "          path: here\n"),
    "the step 'Mine'": lambda: data100(
        shell(
            Shell(
                app=APP,
                build=NATIVE.replace("id:", "env: &shared\n    A: b\n  id:"),
                steps_after="- name: Mine\n  run: make\n  env: *shared\n\n",
            )
        )
    ),
}
