"""What `build` does when all goes well: the image, its labels and tags, and what is told of it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scenarios.engines import on_both_engines
from scenarios.images import IMAGE, NAME, PASSING, ImageRepository, notebook


def dockerfile(base: str, *lines: str) -> str:
    """Return a Dockerfile like those of the image repositories."""
    return "\n".join([f"FROM {base}", "USER root", *lines, "USER jovyan", ""])


@on_both_engines
def test_an_image_is_built_and_pushed_with_all_that_is_said_of_it(
    images: ImageRepository, small_base_image: str
) -> None:
    commit = images.commit({"Dockerfile": dockerfile(small_base_image, "RUN echo hi > /hi")})
    result = images.build(push="true", latest="true", extra_tags="{date}\n{ref_name}-{sha}\n{sha:7}")
    assert result.status == 0, result.log
    tags = images.registry.tags(IMAGE)
    day = next(tag for tag in tags if re.fullmatch(r"\d{4}-\d\d-\d\d", tag))
    assert {commit[:12], "latest", day, f"main-{commit[:12]}", commit[:7]} <= set(tags)
    digest = images.registry.digest(IMAGE, commit[:12])
    assert {images.registry.digest(IMAGE, tag) for tag in (day, "latest", commit[:7])} == {digest}
    assert result.outputs["image"] == images.reference
    assert result.outputs["tag"] == commit[:12]
    assert result.outputs["digest"] == digest
    assert result.outputs["pushed"] == "true"
    assert int(result.outputs["size"]) > 1_000_000
    assert result.outputs["tests"] == ""
    assert Path(result.outputs["report"]).read_text() == result.summary.strip() + "\n"


@on_both_engines
def test_the_summary_says_what_was_made(images: ImageRepository, small_base_image: str) -> None:
    images.commit({"Dockerfile": dockerfile(small_base_image, "RUN dd if=/dev/zero of=/z bs=1M count=3")})
    result = images.build(push="true")
    assert result.status == 0, result.log
    assert result.summary.startswith("### ✅ Build of data100\\-user\\-image\n")
    assert f"| **Image** | `{images.reference}` |" in result.summary
    assert f"| **Digest** | `{result.outputs['digest']}` |" in result.summary
    assert f"| **Pushed as** | `{images.head[:12]}` |" in result.summary
    assert re.search(r"\| 3 MiB \| █+░* \| `RUN dd if=/dev/zero of=/z bs=1M count=3` \|", result.summary)
    assert re.search(r"<summary>Time: [\d.]+ s</summary>", result.summary)
    for phase in ("Check", "Prepare", "Build", "Test", "Push"):
        assert re.search(rf"^\| {phase} \| [\d.]+ s \|", result.summary, re.MULTILINE)
    assert re.search(r"Free disk: [\d.]+ GiB before, [\d.]+ GiB after\.", result.summary)
    assert result.said("notice") == ["There are no tests in image-tests; the image is not tested."]


@on_both_engines
def test_the_image_carries_where_it_is_from(images: ImageRepository, small_base_image: str) -> None:
    commit = images.commit({"Dockerfile": dockerfile(small_base_image)})
    result = images.build(
        push="true", tag="v{sha:4}", labels="course=data100\norg.opencontainers.image.title=D"
    )
    assert result.status == 0, result.log
    labels = images.labels(f"v{commit[:4]}")
    created = labels.pop("org.opencontainers.image.created")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", created)
    source = f"{images.github.server_url}/{NAME}"
    assert labels.pop("hub-image-actions.size") == result.outputs["size"]
    assert labels.pop("hub-image-actions.run") == f"{source}/actions/runs/77"
    for digest in ("hub-image-actions.inputs", "hub-image-actions.own-inputs", "hub-image-actions.checks"):
        assert re.fullmatch("[0-9a-f]{64}", labels.pop(digest))
    assert labels == {
        "org.opencontainers.image.source": source,
        "org.opencontainers.image.revision": commit,
        "org.opencontainers.image.version": f"v{commit[:4]}",
        "org.opencontainers.image.title": "D",
        "repo2docker.repo": source,
        "repo2docker.ref": commit,
        "course": "data100",
    }


def test_a_folder_of_the_repository_is_an_image_of_its_own(
    images: ImageRepository, small_base_image: str
) -> None:
    images.commit(
        {
            "Dockerfile": "FROM nothing-of-the-kind\n",
            "hubs/stat20/docker/Hub": dockerfile(
                small_base_image, "ARG COURSE", "COPY notes.txt /", "RUN echo $COURSE > /course"
            ),
            "hubs/stat20/notes.txt": "n\n",
        }
    )
    given = {"context": "hubs/stat20", "dockerfile": "docker/Hub", "build_args": "COURSE=stat 20"}
    result = images.build(platform="linux/amd64", **given)
    assert result.status == 0, result.log
    shown = images.engine.docker("run", "--rm", images.reference, "cat", "/notes.txt", "/course")
    assert shown == "n\nstat 20\n"


def test_the_time_of_the_commit_reaches_the_build(images: ImageRepository, small_base_image: str) -> None:
    images.commit(
        {"Dockerfile": dockerfile(small_base_image, "ARG SOURCE_DATE_EPOCH", "RUN echo =$SOURCE_DATE_EPOCH=")}
    )
    result = images.build()
    assert f"={images.git('log', '-1', '--format=%ct')}=" in result.log


@on_both_engines
@pytest.mark.parametrize("version", ["2026.04.0", "2024.07.0"])
def test_repo2docker_builds_a_repository(
    images: ImageRepository, small_base_image: str, version: str
) -> None:
    commit = images.commit(
        {
            "Dockerfile": dockerfile(
                small_base_image,
                "ARG COURSE",
                "ARG SOURCE_DATE_EPOCH",
                "RUN echo $COURSE=$SOURCE_DATE_EPOCH=",
            )
        }
    )
    result = images.build(
        builder="repo2docker",
        repo2docker_version=version,
        push="true",
        build_args="COURSE=data100",
        repo2docker_args="--debug --label 'a=b c'",
        # Of the engines' two runs each has its own: one that is there is taken as it is.
        tag=f"r2d-{commit}",
    )
    assert result.status == 0, result.log
    labels = images.labels(f"r2d-{commit}")
    assert labels["repo2docker.repo"] == labels["org.opencontainers.image.source"]
    assert labels["repo2docker.ref"] == labels["org.opencontainers.image.revision"] == commit
    assert re.fullmatch(version.replace(".0", r"\.0?"), labels["repo2docker.version"])
    assert labels["a"] == "b c"
    assert f"data100={images.git('log', '-1', '--format=%ct')}=" in result.log


def test_repo2docker_is_given_user_folder_and_appendix(
    images: ImageRepository, small_base_image: str
) -> None:
    images.commit(
        {"Dockerfile": dockerfile(small_base_image), "hub/append.txt": "RUN true\n", "hub/apt.txt": ""}
    )
    result = images.build(
        builder="repo2docker",
        context="hub",
        appendix_file="append.txt",
        user_name="student",
        user_id="1234",
        repo_dir="/srv/course",
        # What it would build is shown; the base of its own images comes from no registry that there is here.
        repo2docker_args="--no-build --debug",
    )
    assert "RUN true" in result.log
    assert "ARG NB_USER" in result.log
    assert "student" in result.log
    assert "/srv/course" in result.log


@on_both_engines
def test_an_image_of_an_earlier_run_is_not_taken_for_the_new_one(
    images: ImageRepository, small_base_image: str
) -> None:
    given = {"builder": "repo2docker", "tag": "same"}
    images.commit({"Dockerfile": dockerfile(small_base_image, "RUN echo one > /text")})
    assert images.build(**given).status == 0
    images.commit({"Dockerfile": dockerfile(small_base_image, "RUN echo two > /text")})
    result = images.build(**given)
    assert result.status == 0, result.log
    assert images.engine.docker("run", "--rm", result.outputs["image"], "cat", "/text") == "two\n"


def test_a_laptop_needs_no_workflow(
    images: ImageRepository, small_base_image: str, run_on_laptop: Callable[..., tuple[int, str, str]]
) -> None:
    commit = images.commit({"Dockerfile": dockerfile(small_base_image)})
    status, stdout, stderr = run_on_laptop(
        images, "--image", "demo/user-image", "--builder", "docker", "--hub-check", "false", "."
    )
    assert status == 0, stderr
    assert f"tag: {commit[:12]}" in stdout
    assert "::" not in stdout
    assert "pushed: false" in stdout


@on_both_engines
@pytest.mark.timeout(200)
def test_an_image_like_berkeleys_is_built_tested_and_pushed(
    images: ImageRepository, jupyter_base_image: str
) -> None:
    images.commit(
        {
            "Dockerfile": dockerfile(
                jupyter_base_image,
                "USER root",
                "COPY --chown=1000 . /srv/repo",
                "USER 1000",
                "WORKDIR /srv/repo",
            ),
            "image-tests/test_sums.py": PASSING,
            "image-tests/notebooks/sums.ipynb": notebook(
                "a = 1 + 1", "open('written', 'w').write('x')\nprint(a)"
            ),
        }
    )
    result = images.build(builder="repo2docker", push="true")
    assert result.status == 0, result.log
    assert result.outputs["tests"] == "2 passed"
    assert "| **Tests** | ✅ 2 passed |" in result.summary
    assert result.outputs["digest"] == images.registry.digest(IMAGE, images.head[:12])
    assert json.loads(images.engine.docker("image", "inspect", images.reference))
