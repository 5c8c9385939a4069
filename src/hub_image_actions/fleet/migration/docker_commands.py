"""What a job's `docker build` and `docker push` come to, with the shell's variables put in.

Only what can be read with certainty is read: a name that some program makes is no name to push to.

Source: https://docs.docker.com/reference/cli/docker/buildx/build/.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# A colon divides a name from its tag: within a placeholder it is another sign until then.
_COLON = "\0"
_COMMIT = r"(?:\$\{\{ *github\.sha *\}\}|\$GITHUB_SHA\b|\$\{GITHUB_SHA\})"
_PLACEHOLDERS = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"\$\{GITHUB_SHA:(?:0)?:(\d{1,2})\}", rf"{{sha{_COLON}\1}}"),
        (rf"\$\( *echo +[\"']?{_COMMIT}[\"']? *\| *cut +-c *1?-(\d{{1,2}}) *\)", rf"{{sha{_COLON}\1}}"),
        (r"\$\( *git rev-parse --short=(\d{1,2}) +HEAD *\)", rf"{{sha{_COLON}\1}}"),
        (r"\$\( *git rev-parse --short +HEAD *\)", f"{{sha{_COLON}7}}"),
        (rf"{_COMMIT}|\$\( *git rev-parse HEAD *\)", f"{{sha{_COLON}40}}"),
        (r"\$\{\{ *github\.ref_name *\}\}|\$GITHUB_REF_NAME\b|\$\{GITHUB_REF_NAME\}", "{ref_name}"),
        (r"\$GITHUB_REPOSITORY\b|\$\{GITHUB_REPOSITORY\}", "${{ github.repository }}"),
    )
)
_EXPRESSION = re.compile(r"\$\{\{ *((?:vars|secrets|github)\.\w+) *\}\}")
_VARIABLE = re.compile(r"\$\{\{ *env\.(\w+) *\}\}|\$\{(\w+)\}|\$(\w+)")
_WORD = r"(?:\$\{\{[^}\n]*\}\}|(?!\$\{\{)\S)*"
_ASSIGNED = re.compile(
    rf"^\s*(?:export +)?(?P<name>[A-Za-z_]\w*)=(?P<value>\"[^\"\n]*\"|'[^'\n]*'|\$\([^\n]*\)|{_WORD})\s*$"
    r"|^\s*echo +[\"']?(?P<kept>[A-Za-z_]\w*)=(?P<given>[^\"'\n]*)[\"']? *"
    r">> *[\"']?\$\{?GITHUB_ENV\}?[\"']?\s*$",
    re.MULTILINE,
)
_COMMAND = re.compile(r"\bdocker +(?:image +|buildx +)?(?P<verb>build|push|tag)\b(?P<rest>[^\n;&|]*)")
_TAG = re.compile(r"[\w.{}\0-]+")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?|localhost(?::\d+)?")
# Options that take a value, and those that change how an image is made but not what is in it.
_VALUED = {"-t", "--tag", "-f", "--file", "--platform", "--build-arg", "--label"}
_OF_THE_RUN = {"--push", "--load", "--pull", "--no-cache", "-q", "--quiet", "--rm", "--force-rm"}
_OF_THE_RUN_VALUED = {"--progress", "--cache-from", "--cache-to", "--provenance", "--sbom", "--builder"}


class Unclear(ValueError):
    """Something whose meaning only the machine that runs it knows."""


@dataclass(frozen=True)
class ImageNames:
    """The image that is pushed, and its tags.

    Args:
        registry: the registry's host; empty where the name has none.
        image: its name.
        tags: its tags, with our placeholders.
    """

    registry: str
    image: str
    tags: tuple[str, ...]


@dataclass
class BuildOptions:
    """What a build is told."""

    context: str = "."
    values: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    @property
    def dockerfile(self) -> str:
        """The Dockerfile's path from the context on; empty for the default.

        Raises:
            Unclear: it lies outside of the context.
        """
        path = next(iter(self.values.get("--file", ())), "").removeprefix("./")
        folder = self.context.removeprefix("./").rstrip("/")
        if not path or folder in {".", ""}:
            return path
        if not path.startswith(f"{folder}/"):
            raise Unclear(f"its Dockerfile `{path}` lies outside of `{self.context}`")
        return path.removeprefix(f"{folder}/")


class Scripts:
    """The scripts of a job's steps, with their variables.

    Args:
        runs: the scripts, in their order.
        variables: what `env` gives them.
    """

    def __init__(self, runs: Iterator[str], variables: Mapping[str, str]) -> None:
        self._text = _with_placeholders("\n".join(re.sub(r"\\\n\s*", " ", run) for run in runs))
        self._variables = dict(variables)
        for match in _ASSIGNED.finditer(self._text):
            name, value = match["name"] or match["kept"], match["value"] or match["given"] or ""
            self._variables[name] = value.strip("\"'")

    def expanded(self, text: str) -> str:
        """Return a text with variables and placeholders put in.

        Raises:
            Unclear: something of it cannot be known.
        """
        for _ in range(len(self._variables) + 1):
            filled = _VARIABLE.sub(self._value, _with_placeholders(text))
            if filled == text or len(filled) > 2048:  # noqa: PLR2004 - no reference is as long
                break
            text = filled
        text = _with_placeholders(text)
        if "$" in _EXPRESSION.sub("", text) or "`" in text:
            raise Unclear(f"`{text.replace(_COLON, ':')}` is known only to the machine that runs it")
        return _EXPRESSION.sub(r"${{ \1 }}", text)

    def _value(self, match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3]
        return self._variables.get(name, match[0])

    def commands(self, verb: str) -> list[list[str]]:
        """Return the words behind each `docker build`, `push` or `tag`.

        Raises:
            Unclear: a command is not to be read.
        """
        try:
            return [
                shlex.split(each["rest"]) for each in _COMMAND.finditer(self._text) if each["verb"] == verb
            ]
        except ValueError as error:
            raise Unclear(f"its `docker {verb}` cannot be read") from error

    def build(self) -> BuildOptions:
        """Return what the one build is told.

        Raises:
            Unclear: there are several, or they are in another folder.
        """
        builds = self.commands("build")
        if len(builds) != 1:
            raise Unclear("it builds several images")
        if re.search(r"(?m)^\s*(?:cd|pushd)\s", self._text):
            raise Unclear("its script goes to another folder")
        return self._options(builds[0])

    def _options(self, words: list[str]) -> BuildOptions:
        options = BuildOptions()
        rest = iter(words)
        for word in rest:
            name, equals, value = word.partition("=")
            name = {"-t": "--tag", "-f": "--file"}.get(name, name)
            if name in _OF_THE_RUN:
                continue
            if name in _OF_THE_RUN_VALUED:
                value = value if equals else next(rest, "")
            elif name in _VALUED:
                options.values.setdefault(name, []).append(value if equals else next(rest, ""))
            elif word.startswith("-"):
                options.unknown.append(name)
            else:
                options.context = word
        return options

    def pushed(self, options: BuildOptions) -> ImageNames:
        """Return the image that is pushed.

        Raises:
            Unclear: it cannot be known, or there are several.
        """
        texts = [word for words in self.commands("push") for word in words if not word.startswith("-")]
        if not texts or any("--all-tags" in words or "-a" in words for words in self.commands("push")):
            texts += options.values.get("--tag", [])
        return self.named(texts)

    def named(self, texts: list[str]) -> ImageNames:
        """Return the one image of some references, with all of their tags.

        Raises:
            Unclear: there is none, or there are several, or one cannot be known.
        """
        divided = [_divided(self.expanded(text)) for text in texts]
        names = {name for name, _ in divided}
        if len(names) != 1:
            raise Unclear("it pushes several images" if names else "the name of its image cannot be seen")
        host, slash, path = next(iter(names)).partition("/")
        tags = tuple(dict.fromkeys(tag.replace(_COLON, ":") for _, tag in divided))
        if slash and _HOST.fullmatch(host):
            return ImageNames(host, path, tags)
        return ImageNames("", next(iter(names)), tags)


def _with_placeholders(text: str) -> str:
    for pattern, placeholder in _PLACEHOLDERS:
        text = pattern.sub(placeholder, text)
    return text


def _divided(reference: str) -> tuple[str, str]:
    """Return name and tag of a reference; `latest` where it has none."""
    name, colon, tag = reference.rpartition(":")
    if not colon or "/" in tag or "}}" in tag:
        return reference, "latest"
    if not _TAG.fullmatch(tag):
        raise Unclear(f"the tag `{tag}` cannot be read")
    return name, tag
