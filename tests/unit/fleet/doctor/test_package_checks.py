"""Whether jobs that push to GitHub's own registry may do so."""

import pytest

from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.doctor import examined
from hub_image_actions.fleet.workflows.pins import OURS as ACTIONS
from hub_image_actions.github.settings import Hidden
from unit.fleet.doctor.cases import BUILD, Change, both, file, files, settings, variables

UNSEEN = Hidden("the token", "Actions", "403")
GHCR = variables(REGISTRY="ghcr.io", IMAGE="berkeley-dsep-infra/data100-user-image")
WRITE = "      packages: write # to push, where the registry is ghcr.io\n"
MANUAL = """\
on: {push: {branches: [main]}}
jobs:
  push:
    runs-on: ubuntu-latest
    PERMISSIONS
    steps:
      - uses: docker/login-action@v4
        with: {registry: ghcr.io, username: x, password: "${{ PASSWORD }}"}
      - STEP
"""
PERMISSION = "permissions: {contents: read}"
PUSHES = "uses: docker/build-push-action@v6\n        with: {push: true}"
TOKEN = "${{ secrets.GITHUB_TOKEN }}"
PUSH = "      - run: docker push ghcr.io/a/b"
OURS = f"uses: {ACTIONS}/build@v1\n        with: {{image: a/b, registry: ghcr.io, push: true}}"


def told(case: Case) -> list[str]:
    return [f"{one.where}: {one.problem}" for one in examined(case) if one.name == "missing-permission"]


def test_the_template_may_push_where_the_registry_is_githubs(case: Case) -> None:
    assert told(GHCR(case)) == []


@pytest.mark.parametrize("level", ["", "      packages: read\n"])
def test_a_build_without_the_permission_is_told(case: Case, level: str) -> None:
    (text,) = told(both(GHCR, file(BUILD, WRITE, level))(case))
    assert text.startswith(f"{BUILD}:")
    assert "The job build pushes to ghcr.io by its own token, which may not write packages." in text


def test_another_registry_needs_no_such_permission(case: Case) -> None:
    assert told(file(BUILD, WRITE, "")(case)) == []


def manual(password: str = "github.token", step: str = PUSHES, permission: str = PERMISSION) -> Change:
    text = MANUAL.replace("PASSWORD", password).replace("STEP", step).replace("PERMISSIONS", permission)
    return files({".github/workflows/manual.yaml": text})


@pytest.mark.parametrize(
    ("change", "count"),
    [
        (manual(), 1),
        (manual("secrets.GITHUB_TOKEN"), 1),
        (manual("secrets.GITHUB_TOKEN", OURS), 1),
        (manual(step="run: docker push ghcr.io/a/b"), 1),
        (manual(permission="permissions: read-all"), 1),
        (manual(permission="permissions: {}"), 1),
        (manual(permission="permissions: write-all"), 0),
        (manual(permission="permissions: {packages: write}"), 0),
        (manual("secrets.GHCR_TOKEN"), 0),
        (manual("secrets.X", f"run: echo {TOKEN} | docker login ghcr.io -u x --password-stdin\n{PUSH}"), 1),
        (manual("secrets.X", f"run: docker login ghcr.io -p ${{{{ github.token }}}}\n{PUSH}"), 1),
        (
            manual(
                "secrets.X", f'run: docker login -u x -p "$T" ghcr.io\n        env: {{T: "{TOKEN}"}}\n{PUSH}'
            ),
            1,
        ),
        (
            manual(
                "secrets.X",
                f'run: echo "${{T}}" | docker login ghcr.io\n        env: {{T: "{TOKEN}"}}\n{PUSH}',
            ),
            1,
        ),
        (
            manual(
                "secrets.X", f'run: docker login -p "$PAT" ghcr.io\n        env: {{T: "{TOKEN}"}}\n{PUSH}'
            ),
            0,
        ),
        (manual("secrets.X", f"run: gh auth login {TOKEN}\n{PUSH}"), 0),
        (manual(step="uses: docker/build-push-action@v6\n        with: {outputs: 'type=registry'}"), 1),
        (
            manual(step="uses: docker/build-push-action@v6\n        with: {outputs: 'type=image,push=true'}"),
            1,
        ),
        (manual(step="uses: docker/build-push-action@v6\n        with: {outputs: 'type=docker'}"), 0),
        (manual(step="run: docker pull ghcr.io/a/b"), 0),
        (manual(step="uses: docker/build-push-action@v6\n        with: {push: false}"), 0),
        (manual(permission="if: false"), 0),
        (both(manual(permission="timeout-minutes: 5"), settings(token="read")), 1),
        (both(manual(permission="timeout-minutes: 5"), settings(token="write")), 0),
        (
            both(
                manual(permission="timeout-minutes: 5"), settings(token=Hidden("the token", "Actions", "403"))
            ),
            0,
        ),
    ],
)
def test_what_counts_is_who_pushes_and_what_they_may(case: Case, change: Change, count: int) -> None:
    assert len(told(both(GHCR, change)(case))) == count
