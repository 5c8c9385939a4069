"""Building once: what the registry has of the same inputs is promoted, not built again."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from hub_image_actions.docker.config import Credentials
from hub_image_actions.http import Http
from hub_image_actions.images.labels import CREATED
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.registry.client import Registry as Client
from scenarios.action import Result
from scenarios.images import IMAGE, KEY, NAME, ImageRepository
from testbed.fault_proxy import FaultProxy
from testbed.seed_image import seed_image

INPUTS = re.compile(r"inputs-[0-9a-f]{64}")
RUN = f"{NAME}/actions/runs/77"


@pytest.fixture
def repository(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository whose image is another each time that it is built, of an image name of its own."""
    images.image = f"{IMAGE}-{images.folder.parent.name.lower()}"
    clock = "cat /proc/sys/kernel/random/uuid > /made"
    images.commit({"Dockerfile": f"FROM {small_base_image}\nUSER root\nRUN {clock}\nCOPY . /srv/repo\n"})
    return images


def candidate(repository: ImageRepository, **given: str) -> Result:
    """Build the image of a pull request of the same repository, and keep it for the merge."""
    number = repository.pull_request()
    event = repository.on_pull_request(number)
    result = repository.build_test(event, reuse="true", push_candidate="true", **given)
    assert result.status == 0, result.log
    return result


def build(repository: ImageRepository, **given: str) -> Result:
    """Build and push the image after the merge."""
    result = repository.build(**{"reuse": "true", "push": "true", **given})
    assert result.status == 0, result.log
    return result


def tags(repository: ImageRepository) -> list[str]:
    return sorted(repository.registry.tags(repository.image))


def was_built(result: Result) -> bool:
    return "Building " in result.log


def relabel(repository: ImageRepository, **labels: str) -> None:
    """Change labels of the candidate, as if it had been made otherwise."""
    (tag,) = (tag for tag in tags(repository) if INPUTS.fullmatch(tag))
    with Http() as http:
        client = Client(http, repository.registry.host, Credentials("_json_key", KEY))
        image = read_pushed_image(client, repository.image, tag)
        other = image.with_labels(
            {name.replace("__", ".").replace("_", "-"): text for name, text in labels.items()}
        )
        client.put_blob(repository.image, other.config)
        client.put_manifest(repository.image, tag, other.manifest)


def test_a_merge_promotes_what_the_pull_request_built(repository: ImageRepository) -> None:
    candidate(repository)
    (kept,) = tags(repository)
    assert INPUTS.fullmatch(kept)
    repository.commit({})
    result = build(repository, latest="true")
    assert not was_built(result)
    digest = repository.registry.digest(repository.image, kept)
    assert result.outputs["digest"] == digest
    assert {repository.registry.digest(repository.image, tag) for tag in tags(repository)} == {digest}
    assert tags(repository) == sorted([kept, repository.head[:12], "latest"])
    assert result.outputs["reused"] == "true"
    assert result.outputs["pushed"] == "true"
    assert result.outputs["image"] == f"{repository.registry.host}/{repository.image}:{repository.head[:12]}"
    assert int(result.outputs["size"]) > 1_000_000


def test_the_report_names_the_run_that_built_the_image(repository: ImageRepository) -> None:
    candidate(repository)
    result = build(repository)
    assert f"♻️ Nothing was built: [an earlier run]({repository.github.server_url}/{RUN})" in result.summary
    assert result.outputs["built-by"] == f"{repository.github.server_url}/{RUN}"


def test_a_promotion_needs_no_engine_and_moves_no_layer(repository: ImageRepository) -> None:
    candidate(repository)
    with FaultProxy(repository.registry.url) as proxy:
        result = repository.build(
            {"DOCKER_HOST": "unix:///nowhere.sock"}, reuse="true", push="true", registry=proxy.host
        )
        assert result.status == 0, result.log
        assert not proxy.seen("POST", "/blobs/uploads/")
        # The configuration, for its labels; and no layer.
        assert len(proxy.seen("GET", "/blobs/")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"environment.yml": "dependencies: []\n"},
        {"image-tests/data.txt": "other\n"},
        {"untracked.txt": "other\n"},
        {"Dockerfile": "FROM {base}\nUSER root\nRUN true\n"},
    ],
    ids=["a file", "a test", "a new file", "the Dockerfile"],
)
def test_what_may_be_in_the_image_makes_it_another(
    repository: ImageRepository, small_base_image: str, change: dict[str, str]
) -> None:
    candidate(repository)
    repository.commit({name: text.replace("{base}", small_base_image) for name, text in change.items()})
    assert was_built(build(repository))


@pytest.mark.parametrize("name", [".github/workflows/test.yaml", "README.md", ".gitignore", "LICENSE"])
def test_what_is_beside_the_point_does_not(repository: ImageRepository, name: str) -> None:
    candidate(repository)
    repository.commit({name: "x\n"})
    assert not was_built(build(repository))


@pytest.mark.parametrize(
    "given",
    [{"build_args": "A=1"}, {"builder": "repo2docker"}, {"labels": "a=b"}, {"repo_dir": "/srv/x"}],
)
def test_another_way_to_build_makes_another_image(repository: ImageRepository, given: dict[str, str]) -> None:
    candidate(repository)
    assert was_built(build(repository, **given))


def test_a_new_base_image_makes_another_image(images: ImageRepository, small_base_image: str) -> None:
    images.image = f"{IMAGE}-{images.folder.parent.name.lower()}"
    base = f"{images.registry.host}/{images.image}-base:1"
    images.commit({"Dockerfile": f"FROM {base}\n"})
    images.commit({"base/Dockerfile": f"FROM {small_base_image}\n"})
    make = {"image": f"{images.image}-base", "context": "base", "tag": "1", "push": "true"}
    assert images.build(**make).status == 0
    login = {"registry_password": images.password}
    # The base is in a registry that wants a password: the one that is given for the image's own registry.
    assert was_built(build(images, **login))
    assert not was_built(build(images, **login))
    assert images.build(labels="new=base", **make).status == 0
    assert was_built(build(images, **login))


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"hub-image-actions__inputs": "0" * 64}, "it does not say what it was made of"),
        ({CREATED.replace(".", "__"): "2020-01-01T00:00:00+00:00"}, "days old, and its packages with it"),
        ({CREATED.replace(".", "__"): "yesterday"}, "it does not say when it was made"),
        ({CREATED.replace(".", "__"): "2999-01-01T00:00:00+00:00"}, "it does not say when it was made"),
    ],
)
def test_an_image_that_does_not_show_what_it_must_is_built_again(
    repository: ImageRepository, labels: dict[str, str], reason: str
) -> None:
    candidate(repository)
    relabel(repository, **labels)
    result = build(repository)
    assert was_built(result)
    assert reason in result.log


def test_an_image_may_be_as_old_as_one_says(repository: ImageRepository) -> None:
    candidate(repository)
    then = datetime.now(timezone.utc) - timedelta(days=20)
    relabel(repository, **{CREATED.replace(".", "__"): then.isoformat(timespec="seconds")})
    assert not was_built(build(repository, reuse_max_age="30"))


@pytest.mark.parametrize("given", [{"force": "true"}, {"reuse": "false"}])
def test_an_image_is_built_again_on_demand(repository: ImageRepository, given: dict[str, str]) -> None:
    candidate(repository)
    assert was_built(build(repository, **given))


def test_a_second_run_of_a_pull_request_builds_nothing(repository: ImageRepository) -> None:
    first = candidate(repository)
    number = repository.remote.pulls[0].number
    again = repository.build_test(repository.on_pull_request(number), reuse="true")
    assert again.status == 0, again.log
    assert not was_built(again)
    (kept,) = tags(repository)
    assert again.outputs["image"].endswith(f":{kept}")
    assert first.outputs["reused"] == "false"
    assert "♻️ Nothing was built" in repository.comments(number)[0].body


def test_a_forks_pull_request_pushes_nothing(repository: ImageRepository) -> None:
    event = repository.on_pull_request(repository.pull_request(), "stranger/data100-user-image")
    result = repository.build_test(event, reuse="true", push_candidate="true")
    assert result.status == 0, result.log
    assert "The image of a fork's pull request is not pushed." in result.said("notice")
    assert repository.registry.request("GET", repository.image, "tags/list").status_code == 404


def test_a_candidate_that_cannot_be_kept_is_tested_all_the_same(repository: ImageRepository) -> None:
    event = repository.on_pull_request(repository.pull_request())
    result = repository.build_test(
        event,
        reuse="true",
        push_candidate="true",
        registry_username="reader",
        registry_password="only reads",
    )
    assert result.status == 0, result.log
    (warning,) = result.said("warning")
    assert warning.startswith("The image is built again after the merge, since it cannot be kept.")


def test_a_base_image_of_no_registry_is_no_reason_to_fail(
    images: ImageRepository, small_base_image: str
) -> None:
    images.engine.docker("tag", small_base_image, "127.0.0.1:9/only/here:1")
    images.commit({"Dockerfile": "FROM 127.0.0.1:9/only/here:1\n"})
    result = build(images)
    assert "Whether this image was built before cannot be told." in result.log


def test_an_image_that_failed_its_tests_is_not_kept(images: ImageRepository, jupyter_base_image: str) -> None:
    images.image = f"{IMAGE}-{images.folder.parent.name.lower()}"
    images.commit(
        {
            "Dockerfile": f"FROM {jupyter_base_image}\n",
            "image-tests/test_x.py": "def test_x():\n    assert 0\n",
        }
    )
    event = images.on_pull_request(images.pull_request())
    result = images.build_test(event, reuse="true", push_candidate="true")
    assert result.status == 1
    assert images.registry.request("GET", images.image, "tags/list").status_code == 404


@pytest.mark.parametrize("builder", ["docker", "repo2docker"])
def test_an_engine_that_has_an_older_base_builds_on_the_one_that_counts(
    repository: ImageRepository, small_base_image: str, builder: str
) -> None:
    base = f"{repository.registry.host}/public/{repository.image.rpartition('/')[2]}-{builder}:1"
    repository.engine.docker("tag", small_base_image, base)
    repository.commit({"Dockerfile": f"FROM {base}\n"})
    path = base.partition("/")[2].partition(":")[0]
    repository.registry.push(path, "1", seed_image({"newer": b"yes\n"}, form="docker"))
    result = build(repository, builder=builder)
    built = repository.registry.image_config(repository.image, result.outputs["digest"])
    assert built["rootfs"]["diff_ids"] == repository.registry.image_config(path, "1")["rootfs"]["diff_ids"]
