"""What can go wrong, in words for the person who can mend it."""

from http import HTTPStatus


class ActionError(Exception):
    """A failure that is not a bug of ours: what is wrong, and what to do about it.

    Args:
        problem: what is wrong and with what, in one sentence.
        remedy: what the reader can do about it.
        file: the file that the error is about, relative to the folder that was given.
        line: the line in that file, counted from 1.
    """

    def __init__(self, problem: str, remedy: str = "", *, file: str = "", line: int = 0) -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.problem = problem
        self.remedy = remedy
        self.file = file
        self.line = line


class InputError(ActionError):
    """One input has a value that cannot be used."""

    def __init__(self, name: str, problem: str, remedy: str = "") -> None:
        super().__init__(f"Input `{name}`: {problem}", remedy)
        self.name = name


class InvalidReference(ActionError):
    """A text that is no image reference, image name, tag or digest."""


class MalformedHold(ActionError):
    """A comment that begins like a hold but does not say until when."""


class DeploymentsError(ActionError):
    """The deployments cannot be read or edited as asked."""


class GitError(ActionError):
    """A git command failed; the text carries what git said."""


class BranchConflict(GitError):
    """The branch holds something that is not ours to overwrite."""


class PushRefused(GitError):
    """The repository did not take the push; `final` tells whether another try would be in vain."""

    def __init__(self, problem: str, remedy: str, *, final: bool) -> None:
        super().__init__(problem, remedy)
        self.final = final


class RegistryError(ActionError):
    """The registry cannot be asked, or refuses to answer."""


class RegistryUnreachable(RegistryError):
    """The registry gave no answer, and would give none to another question either."""


class ManifestMissing(RegistryError):
    """The registry was asked and has no such tag."""


class GitHubError(ActionError):
    """GitHub answered with an error, or did not answer.

    Args:
        request: method and URL, such as ``POST https://api.github.com/repos/o/r/pulls``.
        status: the HTTP status; 0 where there was no answer.
        message: GitHub's own message.
        remedy: what the reader can do about it.
        uncertain: whether the request may have been carried out all the same.
    """

    def __init__(
        self, request: str, status: int, message: str, remedy: str = "", *, uncertain: bool = False
    ) -> None:
        answer = f"answered {status}" if status else "did not answer"
        super().__init__(f"{request} {answer}{_said(message)}.", remedy)
        self.request = request
        self.status = status
        self.message = message
        self.uncertain = uncertain

    @property
    def rate_limited(self) -> bool:
        """Whether the request was turned away as one too many, and not for what it asks."""
        return "rate limit" in self.message.lower()

    @property
    def is_forbidden(self) -> bool:
        """Whether the token may not do this; GitHub answers requests beyond a rate limit with 403, too."""
        return self.status == HTTPStatus.FORBIDDEN and not self.rate_limited

    @property
    def is_not_found(self) -> bool:
        """Whether there is no such thing, or none that the token may know of."""
        return self.status == HTTPStatus.NOT_FOUND

    @property
    def is_withheld(self) -> bool:
        """Whether the token may not see this: GitHub says 404 of what is private, 403 of the rest."""
        return self.is_forbidden or self.is_not_found


class SeveralErrors(ActionError):
    """Several things are wrong at once; `errors` holds one error for each."""

    errors: tuple[ActionError, ...]

    def __init__(self, problem: str, errors: tuple[ActionError, ...]) -> None:
        super().__init__(problem)
        self.errors = errors


class InvalidInputs(SeveralErrors):
    """Some inputs cannot be used; `errors` holds one error for each."""

    errors: tuple[InputError, ...]

    def __init__(self, errors: tuple[InputError, ...]) -> None:
        super().__init__(f"{len(errors)} of the inputs cannot be used.", errors)


class CommandError(ActionError):
    """A command ended with an error, ran out of time, or is not there.

    Args:
        command: the command line, secrets redacted.
        status: the exit status; -1 where there is none.
        stdout: what it wrote to its standard output, redacted.
        stderr: what it wrote to its standard error, redacted.
        remedy: what the reader can do about it.
    """

    def __init__(self, command: str, status: int, stdout: str, stderr: str, remedy: str = "") -> None:
        self.command = command
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        how = f" with status {status}" if status >= 0 else ""
        super().__init__(f"`{command}` failed{how}{self.last_line and f': {self.last_line}'}", remedy)

    @property
    def last_line(self) -> str:
        """What it said last of the reason; empty where it said nothing.

        Where both streams are one, the standard error has why it was ended, which it could not say itself.
        """
        return " ".join((self.stderr.strip() or self.stdout.strip()).splitlines()[-1:]).strip()


def _said(message: str) -> str:
    """Return a message to stand behind the sentence that it explains, without its own full stop."""
    text = message.strip().rstrip(".")
    return f": {text}" if text else ""
