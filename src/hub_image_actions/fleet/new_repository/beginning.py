"""The files with which an empty repository begins, and the history of a folder below them."""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from hub_image_actions.entry.own_version import own_version
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.new_repository.filling import Filling, filling
from hub_image_actions.fleet.new_repository.first_commits import BRANCH, FirstCommits
from hub_image_actions.fleet.new_repository.folder_history import FolderHistory
from hub_image_actions.fleet.new_repository.step import Site, Step
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS
from hub_image_actions.git import Identity, LocalRepository, Remote
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.references import ImageName

# What the template has of these is an example of an image.
_OF_THE_IMAGE = frozenset({"apt.txt", "environment.yml", "install.R.disabled", "postBuild", "start"})
# A test, and the file that it is about.
_ABOUT = {"image-tests/test_environment.py": "environment.yml"}
_BOT = Identity("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")


@dataclass(frozen=True)
class TemplateFiles:
    """The files of a template.

    Args:
        files: content by path.
        programs: the paths of those that may be run.
    """

    files: Mapping[str, bytes]
    programs: frozenset[str]

    def beside(self, others: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the files that go with those of an image which has a history."""
        if not others:
            return dict(self.files)
        unneeded = _OF_THE_IMAGE | others.keys()
        unneeded |= {test for test, subject in _ABOUT.items() if subject not in others}
        return {path: content for path, content in self.files.items() if path not in unneeded}


def template_files(folder: Path) -> TemplateFiles:
    """Return the files of a template: those that git tracks or would; all of them outside of git.

    Args:
        folder: the folder that holds them.

    Raises:
        ActionError: one cannot be read, or there is none.
    """
    try:
        paths = {name: folder / name for name in LocalRepository(folder).files()}
        paths = {name: path for name, path in paths.items() if path.is_file()}
        files = {name: path.read_bytes() for name, path in paths.items()}
    except OSError as error:
        raise ActionError(
            f"{error.filename} cannot be read: {error.strerror}.", "Check --template."
        ) from error
    if not files:
        raise ActionError(f"There are no files in {folder}.", "Check --template.")
    programs = frozenset(name for name, path in paths.items() if path.stat().st_mode & 0o100)
    return TemplateFiles(files, programs)


def _check_workflows(brought: Iterable[str], source: object) -> None:
    """Check that a history brings no workflow: below a folder it did nothing, and here it would run at once.

    Raises:
        ActionError: it brings some.
    """
    if workflows := sorted(path for path in brought if path.startswith(WORKFLOWS)):
        raise ActionError(
            f"The history of {source} brings workflows, which would run in the new repository: "
            f"{', '.join(workflows[:5])}.",
            "Remove them there first, or leave out --history.",
        )


class Beginning:
    """The step that pushes the first commits to an empty repository.

    Args:
        site: the repository in the making.
        image: the image that it builds.
        root: the folder of these actions.
        wait: what lets some seconds pass.
    """

    def __init__(self, site: Site, image: ImageName, root: Path, wait: Callable[[float], object]) -> None:
        self._site = site
        self._image = image
        self._root = root
        self._wait = wait

    def steps(self) -> Generator[Step, None, Snapshot]:
        """Yield the step, and what is left to a person; return the files that the repository begins with.

        Raises:
            ActionError: the history cannot be read, or the push is refused.
        """
        template = template_files(self._site.wish.template)
        if not self._site.apply:
            filled = filling(self._site, template.files, self._image)
            # What the history's files leave open is known once it is there.
            yield from () if self._site.wish.history else filled.left
            yield Step("to do", self._text(filled), self._site.page(""))
            return self._content("", template.files, template)
        with TemporaryDirectory() as name:
            files, filled, commit = self._pushed(template, Path(name))
        yield from filled.left
        yield Step("done", self._text(filled), self._site.page(""))
        return self._content(commit, files, template)

    def _pushed(self, template: TemplateFiles, folder: Path) -> tuple[Mapping[str, bytes], Filling, str]:
        """Make and push the commits; return all files, what was written into them, and the last commit."""
        github, source = self._site.github, self._site.wish.history
        remote = Remote(f"{github.server_url}/{self._site.full_name}.git", github.token)
        commits = FirstCommits(folder, remote, self._wait)
        commits.begin()
        brought: Mapping[str, bytes] = {}
        if source:
            history = FolderHistory(folder, source.remote(github.server_url, github.token), self._wait)
            brought = commits.go_on_from(history.rewritten(source))
        _check_workflows(brought, source)
        chosen = template.beside(brought)
        filled = filling(self._site, {**chosen, **brought}, self._image)
        text = f"Begin with the template of {own_version(self._root)}"
        written = {**chosen, **filled.files}
        programs = template.programs
        commit = commits.commit(written, programs, text, identity_of(github))
        commits.push(commit, BRANCH, expected="")
        return {**brought, **written}, filled, commit

    def _text(self, filled: Filling) -> str:
        source = self._site.wish.history
        history = f" on the history of {source}" if source else ""
        named = f", with {filled.text}" if filled.text else ""
        return f"the template's files{history}{named}"

    def _content(self, commit: str, files: Mapping[str, bytes], template: TemplateFiles) -> Snapshot:
        return Snapshot(
            # Of a branch that is not there, no rules are asked for.
            full_name=self._site.full_name if commit else "",
            default_branch=BRANCH,
            commit=commit,
            private=self._site.is_private,
            archived=False,
            files=files,
            programs=template.programs,
        )


# https://docs.github.com/en/rest/users/users#get-the-authenticated-user
def identity_of(github: GitHub) -> Identity:
    """Return who commits: the person whose token it is, by the address that GitHub gives to everybody."""
    try:
        user = github.get("/user")
    except GitHubError as error:
        # An App is no user.
        if error.is_forbidden:
            return _BOT
        raise
    host = urlsplit(github.server_url).hostname
    return Identity(
        str(user.get("name") or user["login"]), f"{user['id']}+{user['login']}@users.noreply.{host}"
    )
