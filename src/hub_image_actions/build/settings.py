"""The inputs of `build` and `build-test`, typed and checked."""

import re
import shlex
from dataclasses import Field, dataclass, field

from hub_image_actions import markdown, names
from hub_image_actions.build.repo2docker import DEFAULT_VERSION, check_arguments, parse_version
from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.errors import ActionError
from hub_image_actions.images.size_budget import SizeBudget, parse_growth, parse_size
from hub_image_actions.images.tags import TagValues
from hub_image_actions.references import DEFAULT_REGISTRY, ImageName, parse_image_name, parse_tag

_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_URL_PATH = re.compile(r"/[\w./?=&%+~-]*")
_VERSION = re.compile(r"\d+(?:\.\d+)*(?:[a-z.]+\d+)?")
_FOLDER = re.compile(r"/[\w./-]*\w")
HOW_TO_NAME_IT = "Set the repository variable IMAGE and pass it as `image: ${{ vars.IMAGE }}`."


# Settings that decide what is in the image, or what it was tested for, go into the digest
# by which a later build finds the image; the others say where it goes, and which checks are asked for.
_DECIDES = "decides"
OF_THE_IMAGE = {_DECIDES: "image"}
OF_THE_RUN = {_DECIDES: "run"}


@dataclass(frozen=True)
class HubSettings:
    """The hub that the image is for, and what is tried on it."""

    check: bool = field(metadata=OF_THE_RUN)
    timeout: int = field(metadata=OF_THE_RUN)
    command: tuple[str, ...] = field(metadata=OF_THE_IMAGE)
    default_url: str = field(metadata=OF_THE_IMAGE)
    version: str = field(metadata=OF_THE_IMAGE)
    browser_tests_dir: str = field(metadata=OF_THE_IMAGE)
    browser_tests_isolation: str = field(metadata=OF_THE_RUN)


@dataclass(frozen=True)
class InspectionSettings:
    """What is to be told of a finished image, and how big it may be."""

    compare_with: str = field(metadata=OF_THE_RUN)
    sbom: str = field(metadata=OF_THE_RUN)
    budget: SizeBudget = field(metadata=OF_THE_RUN)
    over_budget: str = field(metadata=OF_THE_RUN)


@dataclass(frozen=True)
class ReuseSettings:
    """Whether an image of the registry may stand for one that would be built."""

    allowed: bool = field(metadata=OF_THE_RUN)
    force: bool = field(metadata=OF_THE_RUN)
    max_age: int = field(metadata=OF_THE_RUN)


@dataclass(frozen=True)
class TagRules:
    """Which tags may move from one image to another."""

    fixed: tuple[str, ...] = field(default=(), metadata=OF_THE_RUN)
    overwrite: bool = field(default=False, metadata=OF_THE_RUN)
    rebuild: str = field(default="", metadata=OF_THE_RUN)


@dataclass(frozen=True)
class CandidateSettings:
    """Where images of pull requests are kept until the merge, and whether this build keeps its own there."""

    image: ImageName | None = field(metadata=OF_THE_RUN)
    username: str = field(metadata=OF_THE_RUN)
    password: str = field(metadata=OF_THE_RUN, repr=False)
    keep: bool = field(metadata=OF_THE_RUN)


@dataclass(frozen=True)
class BuildSettings:
    """What is to be built, and how; action.yml describes each input."""

    image: ImageName = field(metadata=OF_THE_RUN)
    tags: tuple[str, ...] = field(metadata=OF_THE_RUN)
    tag_rules: TagRules = field(metadata=OF_THE_RUN)
    push: bool = field(metadata=OF_THE_RUN)
    builder: str = field(metadata=OF_THE_IMAGE)
    context: str = field(metadata=OF_THE_IMAGE)
    dockerfile: str = field(metadata=OF_THE_IMAGE)
    build_args: dict[str, str] = field(metadata=OF_THE_IMAGE)
    labels: dict[str, str] = field(metadata=OF_THE_IMAGE)
    repo_dir: str = field(metadata=OF_THE_IMAGE)
    user_name: str = field(metadata=OF_THE_IMAGE)
    user_id: int = field(metadata=OF_THE_IMAGE)
    repo2docker: str = field(metadata=OF_THE_IMAGE)
    repo2docker_args: tuple[str, ...] = field(metadata=OF_THE_IMAGE)
    appendix_file: str = field(metadata=OF_THE_IMAGE)
    platform: str = field(metadata=OF_THE_IMAGE)
    test: bool = field(metadata=OF_THE_RUN)
    tests_dir: str = field(metadata=OF_THE_IMAGE)
    cache: bool = field(metadata=OF_THE_RUN)
    registry_username: str = field(metadata=OF_THE_RUN)
    registry_password: str = field(metadata=OF_THE_RUN, repr=False)
    public_check: bool = field(metadata=OF_THE_RUN)
    reuse: ReuseSettings = field(metadata=OF_THE_RUN)
    candidates: CandidateSettings = field(metadata=OF_THE_RUN)
    hub: HubSettings = field(metadata=OF_THE_IMAGE)
    packages: bool = field(metadata=OF_THE_RUN)
    inspection: InspectionSettings = field(metadata=OF_THE_RUN)
    free_disk_space: str = field(metadata=OF_THE_RUN)
    min_free_disk: int = field(metadata=OF_THE_RUN)
    github_token: str = field(metadata=OF_THE_RUN, repr=False)

    @property
    def reference(self) -> str:
        """The full reference of the image under its main tag."""
        return f"{self.image}:{self.tags[0]}"


def decides_the_image(setting: "Field[object]") -> bool:
    """Say whether a setting decides what is in an image.

    Raises:
        ValueError: it is not declared, which is a bug.
    """
    decides = setting.metadata.get(_DECIDES)
    if decides not in {"image", "run"}:
        raise ValueError(f"The setting {setting.name} does not say whether it decides what is in an image.")
    return bool(decides == "image")


@dataclass(frozen=True)
class Publication:
    """What is done with an image that passed its tests.

    Args:
        push: whether it is pushed under its tags.
        tags: the tags, the main one first.
        tag_rules: which of them may move.
        public_check: whether everybody must be able to pull it.
        candidate: whether it is kept for the merge, where there is a repository for that.
    """

    push: bool = False
    tags: tuple[str, ...] = ()
    tag_rules: TagRules = TagRules()
    public_check: bool = False
    candidate: bool = False


def read_image(inputs: Inputs, default: str = "") -> ImageName:
    """Return the image's full name.

    Args:
        inputs: where it is read from.
        default: the name where none is given; where that is empty too, it is an error.
    """
    registry = inputs.parsed("registry", names.parse_host, DEFAULT_REGISTRY, empty="")
    nameless = ImageName("", "image")
    image = inputs.parsed("image", parse_image_name, default, empty=nameless, required=HOW_TO_NAME_IT)
    return image.on(registry or "localhost")


def comment_marker(image: ImageName) -> str:
    """Return the hidden text by which the comment with an image's result is found again."""
    return markdown.marker(f"build-test {image}")


def read_publication(inputs: Inputs, values: TagValues) -> Publication:
    """Return what is to be done with the image, of which only `build` has inputs."""
    tag, extra = inputs.text("tag"), inputs.items("extra-tags")
    latest, force = inputs.flag("latest", default=False), inputs.flag("force", default=False)
    tags: tuple[str, ...] = ("dev",)
    fixed: tuple[str, ...] = ()
    try:
        # An image that is made anew is named by the day as well: the commit names the one that hubs may run.
        main = values.rebuild if force and not tag else tag
        tags = values.all(main, extra, latest=latest)
        fixed = values.fixed(main, extra, latest=latest)
    except ActionError as error:
        inputs.refuse("extra-tags" if tag == "" else "tag", error.problem, error.remedy)
    return Publication(
        push=inputs.flag("push", default=False),
        tags=tags,
        tag_rules=TagRules(
            fixed=fixed,
            overwrite=inputs.choice("tag-exists", ("error", "overwrite")) == "overwrite",
            rebuild=tags[0] if force and not tag else "",
        ),
        public_check=inputs.flag("public-check", default=False),
    )


def read_build(inputs: Inputs, image: ImageName, publication: Publication) -> BuildSettings:
    """Return the settings.

    Args:
        inputs: where they are read from.
        image: the image's full name.
        publication: what is to be done with it.

    Raises:
        InvalidInputs: some inputs cannot be used; each is named.
    """
    settings = _read_settings(inputs, image, publication)
    _refuse_what_cannot_work(settings, inputs)
    inputs.check()
    return settings


def _read_settings(inputs: Inputs, image: ImageName, publication: Publication) -> BuildSettings:
    return BuildSettings(
        image=image,
        tags=publication.tags,
        tag_rules=publication.tag_rules,
        push=publication.push,
        builder=inputs.choice("builder", ("repo2docker", "docker")),
        context=inputs.parsed("context", names.parse_path, ".", empty="."),
        dockerfile=inputs.parsed("dockerfile", names.parse_path, empty=""),
        build_args=inputs.pairs("build-args"),
        labels=inputs.pairs("labels"),
        repo_dir=inputs.parsed("repo-dir", _parse_folder, "/srv/repo", empty=""),
        user_name=inputs.parsed("user-name", _parse_user, "jovyan", empty=""),
        user_id=inputs.number("user-id", 1000),
        repo2docker=inputs.parsed("repo2docker-version", parse_version, DEFAULT_VERSION, empty=""),
        repo2docker_args=inputs.parsed("repo2docker-args", _parse_options, empty=()),
        appendix_file=inputs.parsed("appendix-file", names.parse_path, empty=""),
        platform=inputs.text("platform"),
        test=inputs.flag("test", default=True),
        tests_dir=inputs.parsed("tests-dir", names.parse_path, "image-tests", empty=""),
        cache=inputs.choice("cache", ("registry", "none")) == "registry",
        registry_username=inputs.text("registry-username", "_json_key"),
        registry_password=inputs.long_secret("registry-password"),
        public_check=publication.public_check,
        reuse=_read_reuse(inputs),
        candidates=_read_candidates(inputs, image, keep=publication.candidate),
        hub=_read_hub(inputs),
        packages=inputs.flag("packages", default=True),
        inspection=_read_inspection(inputs),
        free_disk_space=inputs.choice("free-disk-space", ("auto", "always", "never")),
        min_free_disk=inputs.number("min-free-disk", 20),
        github_token=inputs.secret("github-token"),
    )


def _refuse_what_cannot_work(settings: BuildSettings, inputs: Inputs) -> None:
    if settings.dockerfile and settings.builder != "docker":
        inputs.refuse(
            "dockerfile", "it is for `builder: docker` only.", "Set `builder: docker`, or leave it out."
        )


def _read_reuse(inputs: Inputs) -> ReuseSettings:
    return ReuseSettings(
        allowed=inputs.flag("reuse", default=True),
        force=inputs.flag("force", default=False),
        max_age=inputs.number("reuse-max-age", 14),
    )


def _read_candidates(inputs: Inputs, image: ImageName, *, keep: bool) -> CandidateSettings:
    named: ImageName | None = inputs.parsed("candidates", parse_image_name, empty=None)
    candidates = named.on(image.host) if named else None
    if candidates and (candidates.registry, candidates.repository) == (image.registry, image.repository):
        inputs.refuse(
            "candidates",
            "it is the image's own repository, where the key of a pull request could write what hubs run.",
            "Name a repository of its own, such as `PROJECT/candidates/data100-user-image`.",
        )
    return CandidateSettings(
        image=candidates,
        username=inputs.text("candidates-username", "_json_key"),
        password=inputs.long_secret("candidates-password"),
        keep=keep,
    )


def _read_hub(inputs: Inputs) -> HubSettings:
    return HubSettings(
        check=inputs.flag("hub-check", default=True),
        timeout=inputs.number("hub-check-timeout", 60),
        command=inputs.parsed("hub-check-command", _parse_arguments, "jupyterhub-singleuser", empty=()),
        default_url=inputs.parsed("default-url", _parse_url_path, "/lab", empty=""),
        version=inputs.parsed("hub-version", _parse_version, empty=""),
        browser_tests_dir=inputs.parsed("browser-tests-dir", names.parse_path, "browser-tests", empty=""),
        browser_tests_isolation=inputs.choice("browser-tests-isolation", ("required", "off")),
    )


def _read_inspection(inputs: Inputs) -> InspectionSettings:
    return InspectionSettings(
        compare_with=inputs.parsed("compare-with", parse_tag, empty=""),
        sbom=inputs.parsed("sbom", names.parse_path, empty=""),
        budget=SizeBudget(
            inputs.parsed("max-size", parse_size, empty=None),
            inputs.parsed("max-growth", parse_growth, empty=None),
        ),
        over_budget=inputs.choice("over-budget", ("warn", "fail")),
    )


def _parse_folder(text: str) -> str:
    if not _FOLDER.fullmatch(text) or ".." in text.split("/"):
        raise ActionError(f"{text!r} is not a folder of the image.", "Write it as `/srv/repo`.")
    return text


def _parse_user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise ActionError(f"{text!r} is not a user's name.", "Write it as `jovyan`.")
    return text


def _parse_url_path(text: str) -> str:
    if not _URL_PATH.fullmatch(text):
        raise ActionError(f"{text!r} is not a page of the server.", "Write it as `/lab` or `/tree`.")
    return text


def _parse_version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        raise ActionError(f"{text!r} is not a version of JupyterHub.", "Write it as `5.3.0`.")
    return text


def _parse_options(text: str) -> tuple[str, ...]:
    return check_arguments(_parse_arguments(text))


def _parse_arguments(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ActionError(
            f"{text!r} cannot be split into arguments: {error}.", "Close the quotes."
        ) from error
