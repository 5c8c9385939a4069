"""A hub's new image repository, step by step; each step looks at what is there before it does anything."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Literal
from urllib.parse import quote

from hub_image_actions import markdown
from hub_image_actions.deployments.deployed import Deployed, Wanted, deployed
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.new_repository.first_reference import FirstReference, first_reference
from hub_image_actions.fleet.new_repository.placeholders import filled_in, rebased
from hub_image_actions.fleet.new_repository.settings import Share, needed
from hub_image_actions.fleet.workflows.runs import (
    checks_that_always_report,
    checks_that_may_not_report,
    read_workflows,
)
from hub_image_actions.fleet.workflows.variables import (
    BRANCH,
    OWNER,
    PLACEHOLDER,
    REPOSITORY,
    image_of,
)
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.proposal import Proposal, propose
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.settings import (
    Administration,
    Hidden,
    Kind,
    Visibility,
    default_branch_ruleset,
    seen,
)
from hub_image_actions.github.snapshot import EmptyRepository, Snapshot, snapshot
from hub_image_actions.github.values import Json
from hub_image_actions.references import DEFAULT_REGISTRY, ImageName, ImageReference, parse_image_name

FOLDER = "deployments"
RULESET = "default branch"
_GUIDE = "https://github.com/berkeley-dsep-infra/hub-image-actions/blob/v1/docs/set-up.md"
_RULES, _SLACK = f"{_GUIDE}#7-rules-for-main", f"{_GUIDE}#8-slack"
_NAMING = "name-the-hub"
_COPYING_SECONDS = 60

Status = Literal["there", "done", "to do", "yours"]


@dataclass(frozen=True)
class Wish:
    """The repository that is wanted.

    Args:
        hub: the hub's name.
        owner: who is to own the repository.
        deployments: the deployments repository, as ``owner/name``.
        template: the template repository, as ``owner/name``.
        image: the image; None for the one that the deployments' other images suggest.
        base: the image that the Dockerfile is to build on; None to leave it.
        private: whether only those who are invited see the repository.
        day: the day on which holds are judged.
    """

    hub: str
    owner: str
    deployments: str
    template: str
    day: date
    image: ImageName | None = None
    base: ImageReference | None = None
    private: bool = False

    @property
    def full_name(self) -> str:
        """The repository, ``owner/name``."""
        return f"{self.owner}/{self.image.short if self.image else f'{self.hub.lower()}-user-image'}"


@dataclass(frozen=True)
class Step:
    """One thing that has to be so, and how it came to be.

    Args:
        status: ``there`` already, ``done`` now, ``to do`` in a run that writes, or ``yours``: a person's.
        text: what it is.
        link: where a person sees it, or does it.
        lines: lines that a person has to write somewhere.
    """

    status: Status
    text: str
    link: str = ""
    lines: str = ""


class NewRepository:
    """The making of one repository, begun or repaired.

    Args:
        github: who is asked and told.
        wish: what is wanted.
        apply: whether anything is written.
        wait: what lets some seconds pass.
    """

    def __init__(self, github: GitHub, wish: Wish, *, apply: bool, wait: Callable[[float], object]) -> None:
        self._github = github
        self._wish = wish
        self._apply = apply
        self._wait = wait
        self._name = wish.full_name
        self._pull = ""
        self._about = self._described(self._name)
        self._asked = Administration(github, self._name)
        self._deployments = snapshot(github, wish.deployments)
        self._variables_seen = self._seen_variables()
        self._image = self._chosen_image()

    @property
    def full_name(self) -> str:
        """The repository."""
        return self._name

    @property
    def image(self) -> ImageName:
        """The image, as its variable names it."""
        return self._image

    def steps(self) -> Iterator[Step]:
        """Yield each step once it is done, or is known to be there, to be done, or a person's.

        Raises:
            ActionError: a step could not be done, and those after it were not begun. Run again.
        """
        yield self._repository()
        yield from self._variables()
        yield from self._secrets()
        yield self._merged_branches()
        yield self._reference()
        # The first commit triggers workflows, which should find everything above; and it comes before the
        # rules, which would refuse it.
        content = self._content()
        yield from self._filled_in(content)
        yield from self._rules(content)
        yield from self._for_a_person()

    # ---- what is there

    def _described(self, full_name: str) -> Json | None:
        try:
            about: Json = self._github.get(f"/repos/{full_name}")
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        if about["archived"]:
            raise ActionError(f"{full_name} is archived.", "Unarchive it, or choose another hub's name.")
        return about

    def _seen_variables(self) -> Mapping[str, str] | Hidden:
        if self._about is None:
            return {}
        return seen("the variables", "Variables: write", self._asked.variables)

    def _references(self, images: tuple[ImageName, ...] = ()) -> tuple[Deployed, ...]:
        """Return what the deployments refer to: these images, and all that are named as user images are."""
        wanted = Wanted(images, self._wish.day, paths=(FOLDER,))
        return deployed(self._deployments.files, wanted)[0]

    def _chosen_image(self) -> ImageName:
        """Return the image that is wished, is set already, or is named as the other hubs' images are."""
        there = {} if isinstance(self._variables_seen, Hidden) else self._variables_seen
        if self._wish.image:
            return self._wish.image
        if there.get("IMAGE") and image_of(there):
            return parse_image_name(there["IMAGE"])
        named = Counter((one.image.host, one.image.path.rpartition("/")[0]) for one in self._references())
        if not named:
            raise ActionError(
                f"{self._wish.deployments} names no user image that this one could be named after.",
                "Give --image.",
            )
        ((host, folder), _), *_ = named.most_common(1)
        name = f"{folder}/{self._name.rpartition('/')[2]}"
        return parse_image_name(name if host in {"", DEFAULT_REGISTRY} else f"{host}/{name}")

    @property
    def _deployed_image(self) -> ImageName:
        """The image with its registry's host, as deployments write it."""
        return self._image.on(DEFAULT_REGISTRY)

    def _page(self, path: str) -> str:
        return f"{self._github.server_url}/{self._name}/{path}"

    def _step(self, text: str, do: Callable[[], object], right: str, page: str) -> Step:
        """Do something and return the step; a token that may not do it makes it a person's."""
        if not self._apply:
            return Step("to do", text, page)
        try:
            do()
        except GitHubError as error:
            if not error.is_withheld:
                raise
            return Step("yours", f"{text}. The token may not (it needs `{right}`): {error.message}", page)
        return Step("done", text, page)

    # ---- the steps

    def _repository(self) -> Step:
        page = f"{self._github.server_url}/{self._name}"
        if self._about is not None:
            return Step("there", f"repository {self._name}", page)
        kind = "private" if self._wish.private else "public"
        text = f"{kind} repository {self._name} from {self._wish.template}"
        if not self._apply:
            return Step("to do", text, page)
        owner, _, name = self._name.partition("/")
        request = {
            "owner": owner,
            "name": name,
            "description": f"The user image of the {self._wish.hub} hub",
            "private": self._wish.private,
        }
        try:
            self._about = self._github.send("POST", f"/repos/{self._wish.template}/generate", request)
        except GitHubError as error:
            self._about = self._described(self._name) if error.uncertain else None
            if self._about is None:
                raise self._explained(error) from error
        return Step("done", text, page)

    def _explained(self, error: GitHubError) -> GitHubError:
        template, owner = self._wish.template, self._wish.owner
        remedies: dict[int, str] = {
            HTTPStatus.NOT_FOUND: f"Check that {template} is there, and a template by its settings.",
            HTTPStatus.FORBIDDEN: f"The token has to be one that may create repositories of {owner}.",
        }
        remedy = remedies.get(error.status, error.remedy)
        return GitHubError(error.request, error.status, error.message, remedy, uncertain=error.uncertain)

    def _wanted_variables(self) -> dict[str, str]:
        """Return the variables that differ from what the workflows take where they are not set."""
        owner, _, name = self._wish.deployments.partition("/")
        wanted = {"HUB": self._wish.hub, "IMAGE": str(self._image)}
        if self._about["private"] if self._about else self._wish.private:
            # Binder launches what everybody can read.
            wanted["BINDER"] = "off"
        others = {
            "REGISTRY": (self._deployed_image.host, DEFAULT_REGISTRY),
            "DEPLOYMENTS_OWNER": (owner, OWNER),
            "DEPLOYMENTS_REPOSITORY": (name, REPOSITORY),
            "DEPLOYMENTS_BRANCH": (self._deployments.default_branch, BRANCH),
        }
        return wanted | {key: value for key, (value, usual) in others.items() if value != usual}

    def _variables(self) -> Iterator[Step]:
        there, page = self._variables_seen, self._page("settings/variables/actions")
        if isinstance(there, Hidden):
            named = " and ".join(f"{name} = {value}" for name, value in self._wanted_variables().items())
            yield Step("yours", f"set {named}; the token may not see variables: {there.said}", page)
            return
        for name, value in self._wanted_variables().items():
            text = f"variable {name} = {value}"
            if there.get(name) == value:
                yield Step("there", text, page)
            elif there.get(name):
                yield Step("yours", f"variable {name} is {there[name]}, not {value}: decide which", page)
            else:

                def set_it(name: str = name, value: str = value) -> None:
                    self._asked.set_variable(name, value)

                yield self._step(text, set_it, "Variables: write", page)

    def _secrets(self) -> Iterator[Step]:
        page = self._page("settings/secrets/actions")
        visible = (
            frozenset()
            if self._about is None
            else seen("the names of the secrets", "Secrets: read", self._asked.secrets)
        )
        if isinstance(visible, Hidden):
            yield Step("yours", f"see to the secrets; the token may not see them: {visible.said}", page)
            return
        variables = {} if isinstance(self._variables_seen, Hidden) else self._variables_seen
        private = bool(self._about["private"]) if self._about else self._wish.private
        for share in needed(visible, variables, self._organisation_has, private=private):
            yield self._shared(share)

    def _organisation_has(self, kind: Kind, name: str) -> Visibility | Hidden | None:
        return seen(
            f"the organisation's {kind}",
            "Organization secrets: write",
            lambda: self._asked.visibility(kind, name),
        )

    def _shared(self, share: Share) -> Step:
        owner, _, name = self._name.partition("/")
        what = f"{share.kind.removesuffix('s')} {share.name}"
        page = f"{self._github.server_url}/organizations/{owner}/settings/{share.kind}/actions"
        if share.way == "seen":
            return Step("there", what, self._page(f"settings/{share.kind}/actions"))
        if share.way == "share":

            def show() -> None:
                self._asked.show(share.kind, share.name, self._about["id"] if self._about else 0)

            text = f"{what} of {owner}, shown to {name}"
            return self._step(text, show, f"Organization {share.kind}: write", page)
        if share.way == "private":
            return Step(
                "yours", f"show {what}, which {owner} keeps for private repositories, to {name}", page
            )
        if share.way == "hidden":
            return Step("yours", f"show {what} to {name}, if {owner} has it: the token may not look", page)
        own = self._page(f"settings/{share.kind}/actions")
        return Step(
            "yours",
            f"store {what}, as {owner} has none to see: gh secret set {share.name} --repo {self._name}",
            own,
        )

    def _merged_branches(self) -> Step:
        page, text = self._page("settings"), "branches are deleted once they are merged"
        if self._about and self._about.get("delete_branch_on_merge"):
            return Step("there", text, page)
        return self._step(text, self._asked.delete_merged_branches, "Administration: write", page)

    def _reference(self) -> Step:
        image, hub, name = self._deployed_image, self._wish.hub, self._wish.deployments
        found = [one for one in self._references((image,)) if not one.in_template]
        mine = next((one for one in found if image.covers(one.image)), None)
        home = f"{self._github.server_url}/{name}/blob/{self._deployments.default_branch}"
        if mine:
            place = f"{home}/{mine.file}#L{mine.line}"
            return Step("there", f"reference to the image in {mine.file}, at {mine.tag or 'no tag'}", place)
        wanted = first_reference(self._deployments.files, f"{FOLDER}/{hub}", image)
        if wanted.content is None:
            text = f"add these lines to {wanted.file} of {name}: {wanted.reason}"
            return Step("yours", text, f"{self._github.server_url}/{name}", wanted.lines)
        others = {str(one.image) for one in found if one.hub == hub}
        return self._proposed_reference(wanted, sorted(others))

    def _proposed_reference(self, wanted: FirstReference, others: Iterable[str]) -> Step:
        proposal = Proposal(
            branch=f"add-{self._image.short}",
            title=f"Add {self._image.short} to {self._wish.hub}",
            body=self._words(wanted, others),
            marker=markdown.marker(f"new {self._deployed_image}"),
            files={wanted.file: wanted.content},
        )
        home = f"{self._github.server_url}/{self._wish.deployments}"
        text = f"pull request in {self._wish.deployments} that adds the reference to {wanted.file}"
        try:
            proposed = propose(self._github, self._deployments, proposal, apply=self._apply)
        except GitHubError as error:
            if not error.is_withheld:
                raise
            return Step("yours", f"{text}. The token may not: {error.message}", home, wanted.lines)
        pull = proposed.pull
        if not pull or pull.is_open:
            self._pull = pull.url if pull else f"{home}/pulls"
        if proposed.status.startswith("would"):
            return Step("to do", text, pull.url if pull else home)
        if pull and not pull.is_open:
            closed = f"{text}: somebody closed it; open it again if that was not meant"
            return Step("yours", closed, pull.url, wanted.lines)
        status: Status = "there" if proposed.status == "unchanged" else "done"
        return Step(status, text, pull.url if pull else home)

    def _words(self, wanted: FirstReference, others: Iterable[str]) -> str:
        """Return the text of the pull request."""
        hub, image = self._wish.hub, markdown.code(str(self._deployed_image))
        repository = f"[{self._name}]({self._github.server_url}/{self._name})"
        names = (
            f"`{wanted.file}` names {image}, which {repository} builds, with the tag `PLACEHOLDER`. "
            "The first build opens a pull request that puts its tag there."
        )
        until = f"Until that one is merged, no server starts on {hub}: keep this out of production so long."
        words = [names, until]
        if listed := ", ".join(map(markdown.code, others)):
            words.append(f"{hub} names {listed} as well. Take out what the new image takes the place of.")
        return "\n\n".join(words)

    # ---- what is in it

    def _content(self) -> Snapshot:
        """Return the repository's files; those of the template where there is no repository yet."""
        if self._about is None:
            return snapshot(self._github, self._wish.template)
        for _ in range(_COPYING_SECONDS):
            try:
                return snapshot(self._github, self._name)
            except EmptyRepository:
                # GitHub copies a template only after it has said that it has.
                if not self._apply:
                    break
                self._wait(1)
        raise ActionError(
            f"{self._name} is still empty.", "GitHub may be copying: run again in some minutes."
        )

    def _filled_in(self, content: Snapshot) -> Iterator[Step]:
        marks = {
            "<HUBNAME>": self._wish.hub,
            "<ORGANISATION>": self._wish.owner,
            "<THIS-REPOSITORY>": self._name.rpartition("/")[2],
        }
        files = filled_in(content.files, marks)
        what = [f"the hub's name in {' and '.join(sorted(files))}"] if files else []
        if self._wish.base:
            base = rebased(content.files, self._wish.base)
            if base.obstacle:
                where = base.file or "a Dockerfile"
                text = f"write the image that this one builds on into {where}: {base.obstacle}"
                yield Step("yours", text, self._page(""), f"FROM {self._wish.base}\n")
            elif base.content is not None:
                files[base.file] = filled_in({base.file: base.content}, marks).get(base.file, base.content)
                what.append(f"{self._wish.base} in {base.file}")
        if files:
            yield self._written(content, files, ", ".join(what))
        else:
            yield Step("there", "the hub's name in the files", self._page(""))

    def _written(self, content: Snapshot, files: Mapping[str, bytes], text: str) -> Step:
        """Write files, by a commit on the default branch or, where it takes none, by a pull request."""
        branch = content.default_branch
        if self._about is None or not self._apply:
            return Step("to do", text, self._page(""))
        if self._asked.rules(branch).pull_request:
            return self._proposed_files(content, files, text)
        repository = Repository(self._github, self._name)
        commit = repository.commits.branch_commit(branch)
        _, base_tree = repository.commits.commit_and_tree(commit)
        entries = [
            {
                "path": path,
                "mode": "100755" if path in content.programs else "100644",
                "type": "blob",
                "content": data.decode(),
            }
            for path, data in sorted(files.items())
        ]
        path, ref = f"/repos/{self._name}/git", f"refs/heads/{quote(branch)}"

        def commit_it() -> None:
            tree = self._created(f"{path}/trees", {"base_tree": base_tree, "tree": entries})
            request = {"message": f"Fill in {text}", "tree": tree, "parents": [commit]}
            made = self._created(f"{path}/commits", request)
            self._github.send("PATCH", f"{path}/{ref}", {"sha": made, "force": False})

        return self._step(text, commit_it, "Contents: write", self._page(""))

    def _created(self, path: str, what: Json) -> str:
        # Content has one name in git, however often it is created.
        return str(self._github.send("POST", path, what, idempotent=True)["sha"])

    def _proposed_files(self, content: Snapshot, files: Mapping[str, bytes], text: str) -> Step:
        marker = markdown.marker("new repository")
        proposal = Proposal(_NAMING, "Fill in the hub's name", f"Fills in {text}.", marker, files)
        proposed = propose(self._github, content, proposal, apply=True)
        status: Status = "there" if proposed.status == "unchanged" else "done"
        return Step(status, f"pull request that fills in {text}", proposed.pull.url if proposed.pull else "")

    def _rules(self, content: Snapshot) -> Iterator[Step]:
        branch, page = content.default_branch, self._page("settings/rules")
        workflows, _ = read_workflows(content.files)
        always = checks_that_always_report(workflows, branch)
        text = f"{branch} takes pull requests only{_with_checks(always)}"
        there = None
        if self._about and content.full_name.lower() == self._name.lower():
            there = seen(f"the rules of {branch}", "Contents: read", lambda: self._asked.rules(branch))
        if isinstance(there, Hidden):
            yield Step("yours", f"{text}. The token may not look: {there.said}", page)
        elif there and there.pull_request and set(always) <= set(there.checks):
            yield Step("there", text, page)
        elif there and self._asked.ruleset(RULESET):
            yield Step("yours", f"{text}: somebody changed the ruleset {RULESET!r}; see what is meant", page)
        else:
            ruleset = default_branch_ruleset(RULESET, always)
            yield self._step(text, lambda: self._asked.create_ruleset(ruleset), "Administration: write", page)
        if sometimes := checks_that_may_not_report(workflows, branch):
            named = " and ".join(map(repr, sometimes))
            reason = "some pull requests never get it and would wait for ever; delete `paths-ignore` first"
            yield Step("yours", f"require {named}, if you want: {reason}", _RULES)

    def _for_a_person(self) -> Iterator[Step]:
        """Yield what nobody but a person can do, in the order in which it is to be done."""
        hub = self._wish.hub
        found = [one for one in self._references((self._deployed_image,)) if not one.in_template]
        mine = [one for one in found if self._deployed_image.covers(one.image)]
        build = self._page("actions/workflows/build-push-open-pr.yaml")
        if any(one.tag and one.tag != PLACEHOLDER for one in mine):
            return
        if self._pull:
            yield Step("yours", "merge the pull request that adds the image to the deployments", self._pull)
        yield Step("yours", "press Run workflow: the first build takes up to an hour", build)
        yield Step("yours", f"merge the pull request that the build opens, and start a server on {hub}")
        text = "choose whose pull requests from forks run without being allowed first"
        yield Step("yours", text, self._page("settings/actions"))
        yield Step("yours", "tell the channel of those who look after the hubs", _SLACK)


def _with_checks(checks: Sequence[str]) -> str:
    if not checks:
        return ""
    return f", with the check{'s' * (len(checks) > 1)} {' and '.join(map(repr, checks))}"
