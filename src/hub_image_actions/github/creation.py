"""Creating what there may be but one of, when an answer may be lost on its way."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from hub_image_actions.errors import GitHubError

T = TypeVar("T")
_CREATE_ATTEMPTS = 3


def create_once(find: Callable[[], T | None], create: Callable[[], T]) -> T:
    """Return what `find` finds or `create` creates, and never create it twice.

    After an answer that leaves open whether it was created, it is looked for again before another try.

    Raises:
        GitHubError: it was neither found nor could it be created.
    """
    for attempt in range(1, _CREATE_ATTEMPTS + 1):
        if (existing := find()) is not None:
            return existing
        try:
            return create()
        except GitHubError as error:
            already = error.status == HTTPStatus.UNPROCESSABLE_ENTITY and "already exists" in error.message
            if attempt == _CREATE_ATTEMPTS or not (error.uncertain or already):
                raise
    raise AssertionError("the loop returns or raises")
