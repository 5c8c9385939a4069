"""Which pipeline a repository's workflows call, and at which version."""

import pytest

from hub_image_actions.fleet.workflows.pipelines import Pipeline, pipeline_of, workflows_in

OURS = "berkeley-dsep-infra/hub-image-actions"
COMMIT = "a1b2c3d" + "0" * 33
FOLDER = ".github/workflows/"


def workflow(*uses: str) -> bytes:
    steps = "".join(f"      - uses: {each}\n" for each in uses)
    return f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{steps}".encode()


def caller(uses: str) -> bytes:
    return f"on: push\njobs:\n  a:\n    uses: {uses}\n".encode()


@pytest.mark.parametrize(
    ("path", "is_workflow"),
    [
        (f"{FOLDER}a.yaml", True),
        (f"{FOLDER}a.yml", True),
        (f"{FOLDER}a.txt", False),
        (f"{FOLDER}more/a.yaml", False),
        (f"template/{FOLDER}a.yaml", False),
        ("a.yaml", False),
    ],
)
def test_workflows_lie_in_one_folder(path: str, *, is_workflow: bool) -> None:
    assert list(workflows_in({path: b""})) == ([path] if is_workflow else [])


@pytest.mark.parametrize(
    ("uses", "version"),
    [
        (f"{OURS}/build@v1", "v1"),
        (f"{OURS}@v1.4.0", "v1.4.0"),
        (f"{OURS}/build@{COMMIT} # v1.4.0", "v1.4.0"),
        (f"{OURS}/build@{COMMIT}", "a1b2c3d"),
        ("another-hub/hub-image-actions/actions/build@main", "main"),
    ],
)
def test_a_version_is_what_people_know_it_by(uses: str, version: str) -> None:
    assert pipeline_of({"a.yaml": workflow(uses)}) == Pipeline(actions=(version,))


def test_each_version_is_told_once_and_in_order() -> None:
    files = {"b.yaml": workflow(f"{OURS}/build@v2", f"{OURS}/build@v1"), "a.yaml": workflow(f"{OURS}@v2")}
    assert pipeline_of(files).text == "v1, v2"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            caller("berkeley-dsep-infra/update-deployment/.github/workflows/a.yaml@main"),
            "update-deployment@main",
        ),
        (caller("cal-icor/shared-workflows/.github/workflows/a.yaml@v2"), "shared-workflows@v2"),
        (workflow("jupyterhub/repo2docker-action@master"), "repo2docker-action@master"),
        (workflow("actions/checkout@v4"), "none"),
        (b"", "none"),
    ],
)
def test_another_pipeline_is_told_with_its_name(content: bytes, text: str) -> None:
    assert pipeline_of({"a.yaml": content}).text == text


def test_where_ours_are_called_other_pipelines_are_not_told() -> None:
    found = pipeline_of({"a.yaml": workflow(f"{OURS}/build@v1", "jupyterhub/repo2docker-action@master")})
    assert found.others == ("repo2docker-action@master",)
    assert found.text == "v1"


def test_a_workflow_that_cannot_be_read_is_a_problem_and_hides_no_other() -> None:
    broken = f"# {OURS}\njobs: [".encode()
    alone = pipeline_of({"a.yaml": broken})
    assert (alone.text, "a.yaml" in alone.problem) == ("unknown", True)
    assert pipeline_of({"a.yaml": broken, "b.yaml": workflow(f"{OURS}@v1")}).text == "v1"


def test_a_broken_workflow_that_calls_none_of_these_is_not_even_read() -> None:
    assert pipeline_of({"a.yaml": b"- ["}) == Pipeline()
