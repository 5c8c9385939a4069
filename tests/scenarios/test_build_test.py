"""`build-test`: nothing is pushed, and one comment on the pull request says how the image does."""

from pathlib import Path

import pytest

from hub_image_actions.build.report_file import FILE, read_report
from scenarios.images import IMAGE, NAME, PASSING, ImageRepository
from testbed.fault_proxy import FaultProxy


@pytest.fixture
def repository(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository that can be built."""
    images.commit(
        {"Dockerfile": f"FROM {small_base_image}\n", "other/Dockerfile": f"FROM {small_base_image}\n"}
    )
    return images


def test_one_comment_is_kept_up_to_date(repository: ImageRepository) -> None:
    number = repository.pull_request()
    repository.comment(number, f"<!-- hub-image-actions build-test {repository.registry.host}/{IMAGE} -->")
    job = repository.on_pull_request(number)
    first = repository.build_test(job)
    assert first.status == 0, first.log
    theirs, ours = repository.comments(number)
    before = ours.body
    repository.commit({"Dockerfile": "FROM scratch\nRUNN\n"})
    second = repository.build_test(job)
    assert second.status == 1
    theirs, ours = repository.comments(number)
    assert theirs.body.startswith("<!--")
    assert before.startswith("### ✅ Test of data100\\-user\\-image")
    assert ours.body.startswith("### ❌ Test of data100\\-user\\-image")
    assert "The Dockerfile cannot be read" in ours.body.replace("\\", "")
    assert first.outputs["comment-url"] == second.outputs["comment-url"] != ""


def test_two_images_of_a_repository_have_a_comment_each(repository: ImageRepository) -> None:
    number = repository.pull_request()
    job = repository.on_pull_request(number)
    for image in ("course/one", "course/two", "course/one"):
        assert repository.build_test(job, image=image, context="other").status == 0
    assert len(repository.comments(number)) == 2


def test_a_token_that_may_not_comment_is_no_failure(repository: ImageRepository) -> None:
    number = repository.pull_request()
    job = repository.on_pull_request(number, "somebody/data100-user-image")
    result = repository.build_test(job, github_token=repository.new_token(contents="read"))
    assert result.status == 0, result.log
    assert not result.said("warning")
    assert any("the report is in the summary" in notice for notice in result.said("notice"))
    assert result.outputs["comment-url"] == ""
    assert "✅" in result.summary
    assert repository.comments(number) == []
    left = Path(result.outputs["left-report"])
    assert left.name == FILE
    read = read_report(left.read_bytes(), "Test of data100-user-image")
    read.is_for_review = True
    # Which run it was, GitHub tells.
    read.run_url = f"{repository.github.server_url}/{NAME}/actions/runs/77"
    assert read.markdown().strip() == result.summary.strip()


def test_where_the_inputs_cannot_be_used_a_fork_is_told_so_too(repository: ImageRepository) -> None:
    number = repository.pull_request()
    job = repository.on_pull_request(number, "somebody/data100-user-image")
    result = repository.build_test(job, github_token="", user_id="many")
    assert "user-id" in result.error
    assert "`user-id`" in read_report(Path(result.outputs["left-report"]).read_bytes(), "x").markdown()


def test_a_comment_that_is_there_or_not_wanted_leaves_nothing(repository: ImageRepository) -> None:
    job = repository.on_pull_request(repository.pull_request())
    assert repository.build_test(job).outputs["left-report"] == ""
    assert repository.build_test(job, comment="false").outputs["left-report"] == ""
    assert repository.build_test().outputs["left-report"] == ""


def test_an_answer_that_is_lost_makes_no_second_comment(repository: ImageRepository) -> None:
    number = repository.pull_request()
    path = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
    fault = repository.github.faults.add(kind="reset", method="POST", path=path, after=True)
    result = repository.build_test(repository.on_pull_request(number))
    assert result.status == 0, result.log
    assert fault.fired == 1
    (comment,) = repository.comments(number)
    assert result.outputs["comment-url"].endswith(f"-{comment.id}")


def test_github_that_fails_is_a_warning(repository: ImageRepository) -> None:
    number = repository.pull_request()
    path = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
    repository.github.faults.add(kind="503", path=path, times=99)
    result = repository.build_test(repository.on_pull_request(number))
    assert result.status == 0
    assert any(warning.startswith("The pull request has no comment.") for warning in result.said("warning"))


def test_nothing_is_pushed(repository: ImageRepository) -> None:
    with FaultProxy(repository.registry.url) as proxy:
        result = repository.build_test(registry=proxy.host)
        assert result.status == 0, result.log
        assert not [*proxy.seen("PUT", ""), *proxy.seen("POST", "/v2/"), *proxy.seen("PATCH", "")]


def test_an_image_without_a_name_is_called_after_its_repository(repository: ImageRepository) -> None:
    result = repository.build_test(image="")
    assert result.status == 0, result.log
    named = f"{repository.registry.host}/data100-user-image:{repository.head[:12]}"
    assert result.outputs["local-image"] == named
    assert repository.engine.docker("image", "inspect", "--format", "{{.Id}}", named)


def test_an_image_that_was_not_kept_is_not_named(repository: ImageRepository) -> None:
    number = repository.pull_request()
    result = repository.build_test(repository.on_pull_request(number))
    assert result.status == 0, result.log
    assert [result.outputs[name] for name in ("image", "tag", "digest")] == ["", "", ""]
    (comment,) = repository.comments(number)
    assert "| **Image** | not kept |" in comment.body
    assert f":{repository.head[:12]}" not in comment.body


def test_comments_can_be_left_out(repository: ImageRepository) -> None:
    number = repository.pull_request()
    repository.commit({"image-tests/test_sums.py": PASSING})
    result = repository.build_test(repository.on_pull_request(number), comment="false", test="false")
    assert result.status == 0, result.log
    assert repository.comments(number) == []
