"""Errors: what they say to the reader, and what they tell of a request or a command that failed."""

import pytest

from hub_image_actions.errors import ActionError, CommandError, GitHubError, InputError, InvalidInputs

REQUEST = "GET https://api.github.com/repos/berkeley/stat20"


@pytest.mark.parametrize(("remedy", "text"), [("", "It broke."), ("Mend it.", "It broke. Mend it.")])
def test_an_error_says_what_is_wrong_and_then_what_to_do(remedy: str, text: str) -> None:
    assert str(ActionError("It broke.", remedy)) == text


@pytest.mark.parametrize(
    ("status", "text"),
    [(404, f"{REQUEST} answered 404: Not Found."), (0, f"{REQUEST} did not answer: Not Found.")],
)
def test_a_request_without_an_answer_has_no_status(status: int, text: str) -> None:
    assert str(GitHubError(REQUEST, status, "Not Found.")) == text


@pytest.mark.parametrize(
    ("status", "message", "forbidden", "withheld"),
    [
        (403, "Resource not accessible by integration", True, True),
        (403, "API rate limit exceeded", False, False),
        (403, "You have exceeded a secondary Rate Limit", False, False),
        (404, "Not Found", False, True),
        (500, "Server Error", False, False),
    ],
)
def test_too_many_requests_are_not_a_lack_of_rights(
    status: int, message: str, forbidden: bool, withheld: bool
) -> None:
    error = GitHubError(REQUEST, status, message)
    assert (error.is_forbidden, error.is_withheld) == (forbidden, withheld)


@pytest.mark.parametrize(
    ("stdout", "stderr", "said"),
    [
        ("out\n", "first\nlast\n", "last"),
        ("first\nout\n", " \n", "out"),
        ("out\n", "not done within 3 seconds", "not done within 3 seconds"),
        ("", "", ""),
    ],
)
def test_a_failed_command_is_told_by_its_last_words(stdout: str, stderr: str, said: str) -> None:
    error = CommandError("git push", 1, stdout, stderr)
    assert error.last_line == said
    assert str(error) == f"`git push` failed with status 1{': ' if said else ''}{said}"


def test_a_command_that_did_not_end_by_itself_has_no_status() -> None:
    assert str(CommandError("git push", -1, "", "there is no git")) == "`git push` failed: there is no git"


def test_inputs_that_cannot_be_used_are_counted_and_kept() -> None:
    errors = (InputError("tag", "It is empty."), InputError("image", "It has a tag."))
    together = InvalidInputs(errors)
    assert together.problem == "2 of the inputs cannot be used."
    assert [str(error) for error in together.errors] == [
        "Input `tag`: It is empty.",
        "Input `image`: It has a tag.",
    ]


@pytest.mark.parametrize("message", ["", " ", "."])
def test_an_answer_without_a_message_ends_with_its_status(message: str) -> None:
    assert str(GitHubError(REQUEST, 500, message, "Run again.")) == f"{REQUEST} answered 500. Run again."
