"""The instructions of a Dockerfile, each character with its place in the file.

Source: the Dockerfile reference, https://docs.docker.com/reference/dockerfile/, and BuildKit's parser.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

UNSET = "\0"
_BOM = "\ufeff"
_DIRECTIVE = re.compile(r"#\s*(?P<name>[A-Za-z][A-Za-z0-9]*)\s*=\s*(?P<value>.+?)\s*")
_DIRECTIVES = {"syntax", "escape", "check"}
_KEYWORD = re.compile(r"\s*(?P<keyword>[A-Za-z]+)(?:\s+|$)")
_WORD = re.compile(r"\S+")
_QUOTED_WORD = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|\S)+""")
_HEREDOC = re.compile(r"""\d*<<(?P<chomp>[-+]?)(?P<quote>["']?)(?P<name>[^<"'\s]+)(?P=quote)""")
_WITH_HEREDOCS = {"RUN", "COPY", "ADD"}
_PIECE = re.compile(
    r"""'(?P<single>[^']*)'|(?P<double>")|(?P<escape>[\\`])"""
    r"""|\$\{(?P<braced>[A-Za-z_]\w*)(?P<operator>:?[-+?])?|\$(?P<bare>[A-Za-z_]\w*)""",
)
# No reference is as long, and none is nested as deep.
_LONGEST, _DEEPEST = 4096, 16
_BRACE = re.compile(r"\$\{|\}")


class UnknownSyntax(ValueError):
    """A word that is written in a way that is not understood here."""


@dataclass(frozen=True)
class Traced:
    """A text, and where in the file each of its characters stands; -1 for what stands nowhere."""

    text: str = ""
    places: Sequence[int] = ()

    def __getitem__(self, part: slice) -> "Traced":
        return Traced(self.text[part], self.places[part])

    @classmethod
    def joined(cls, parts: Sequence["Traced"]) -> "Traced":
        """Return texts as one, each character with its own place."""
        if len(parts) == 1:
            return parts[0]
        return cls(
            "".join(part.text for part in parts), tuple(chain.from_iterable(part.places for part in parts))
        )

    @property
    def start(self) -> int:
        """The place of the first character; -1 where there is none."""
        return self.places[0] if self.places else -1

    @property
    def is_one_piece(self) -> bool:
        """Whether its characters stand one after the other in the file."""
        return self.start >= 0 and all(place == at for at, place in enumerate(self.places, self.start))


@dataclass(frozen=True)
class Instruction:
    """One instruction, its lines joined and the comments between them left out.

    Args:
        keyword: the keyword in capitals.
        rest: what stands behind it.
        escape: the character that escapes the next one.
    """

    keyword: str
    rest: Traced
    escape: str

    def words(self) -> list[Traced]:
        """Return what whitespace separates."""
        return [self.rest[slice(*match.span())] for match in _WORD.finditer(self.rest.text)]

    def quoted_words(self) -> list[Traced]:
        """Return what whitespace outside of quotes separates."""
        return [self.rest[slice(*match.span())] for match in _QUOTED_WORD.finditer(self.rest.text)]


@dataclass
class Variables:
    """Build arguments with their defaults.

    Args:
        values: the defaults by name.
        unset: the names that were asked for and have none, in that order.
    """

    values: dict[str, Traced] = field(default_factory=dict)
    unset: list[str] = field(default_factory=list)

    def expanded(self, word: Traced, escape: str, depth: int = 0) -> Traced:
        """Return a word without its quotes, its variables filled in.

        What has no default stands as `UNSET`.

        Raises:
            UnknownSyntax: the word is written in a way that is not understood here.
        """
        if depth > _DEEPEST:
            raise UnknownSyntax(word.text)
        done, position, quoted = list[Traced](), 0, False
        while position < len(word.text):
            match = _PIECE.match(word.text, position)
            end = match.end() if match else position + 1
            if match is None or (match["single"] is not None and quoted):
                end = position + 1
                done.append(word[position:end])
            elif match["single"] is not None:
                done.append(word[slice(*match.span("single"))])
            elif match["double"]:
                quoted = not quoted
            elif match["escape"]:
                end = position + 1 + (match["escape"] == escape)
                done.append(word[end - 1 : end])
            else:
                value, end = self._value(word, match, escape, depth)
                done.append(value)
            position = end
        # Arguments of arguments can double at every step.
        if sum(len(part.text) for part in done) > _LONGEST:
            raise UnknownSyntax(word.text)
        return Traced.joined(done)

    def _value(self, word: Traced, match: re.Match[str], escape: str, depth: int) -> tuple[Traced, int]:
        """Return what a variable stands for, and where the text goes on."""
        name = match["bare"] or match["braced"]
        known = self.values.get(name)
        if match["bare"]:
            return known or self._missing(name), match.end()
        operator = match["operator"] or ""
        end = _closing_brace(word.text, match.start() + 2)
        other = word[match.end() : end - 1]
        if not operator and other.text:
            raise UnknownSyntax(word.text)
        empty = known is None or (":" in operator and not known.text.strip(UNSET))
        if operator.endswith("+"):
            return Traced() if empty else self.expanded(other, escape, depth + 1), end
        if operator.endswith("-") and empty:
            return self.expanded(other, escape, depth + 1), end
        return known or self._missing(name), end

    def _missing(self, name: str) -> Traced:
        self.unset.append(name)
        return Traced(UNSET, (-1,))


def _closing_brace(text: str, begin: int) -> int:
    """Return where the text goes on behind the brace that closes the one before `begin`."""
    depth, position = 1, begin
    while depth:
        brace = _BRACE.search(text, position)
        if not brace:
            raise UnknownSyntax(text)
        depth += 1 if brace[0] == "${" else -1
        position = brace.end()
    return position


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile; what is none is passed over."""
    escape = "`" if directives(text).get("escape") == "`" else "\\"
    # An escaped escape at the end of a line continues nothing.
    continued = re.compile(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*$")
    lines = _lines(text)
    for line in lines:
        if _is_comment(line):
            continue
        parts, more = [line], continued.search(line.text)
        while more:
            parts[-1] = parts[-1][: more.start()]
            parts.append(
                next((line for line in lines if line.text.strip() and not _is_comment(line)), Traced())
            )
            more = continued.search(parts[-1].text)
        whole = Traced.joined(parts)
        keyword = _KEYWORD.match(whole.text)
        if keyword:
            instruction = Instruction(keyword["keyword"].upper(), whole[keyword.end() :], escape)
            _skip_heredocs(instruction, lines)
            yield instruction


def directives(text: str) -> Mapping[str, str]:
    """Return the parser directives, the names in small letters; they come before everything else."""
    values: dict[str, str] = {}
    for line in text.removeprefix(_BOM).split("\n"):
        match = _DIRECTIVE.fullmatch(line.rstrip("\r"))
        # One that the builder does not know is a comment, and so are those behind it.
        if not match or match["name"].lower() not in _DIRECTIVES:
            break
        values.setdefault(match["name"].lower(), match["value"])
    return values


def _lines(text: str) -> Iterator[Traced]:
    """Yield the lines without their ends."""
    position = len(_BOM) * text.startswith(_BOM)
    for line in text[position:].split("\n"):
        kept = line.rstrip("\r")
        yield Traced(kept, range(position, position + len(kept)))
        position += len(line) + 1


def _is_comment(line: Traced) -> bool:
    return line.text.lstrip().startswith("#")


def _skip_heredocs(instruction: Instruction, lines: Iterator[Traced]) -> None:
    """Pass over the documents that an instruction is given; they look like lines of their own."""
    keyword, text = instruction.keyword, instruction.rest.text
    if "<<" not in text or text.startswith("["):
        return
    words = _QUOTED_WORD.findall(text)
    if keyword == "ONBUILD" and words:
        keyword = words[0].upper()
    for heredoc in filter(None, map(_HEREDOC.fullmatch, words if keyword in _WITH_HEREDOCS else [])):
        indent = r"\t*" if heredoc["chomp"] == "-" else ""
        end = re.compile(indent + re.escape(heredoc["name"]))
        next((line for line in lines if end.fullmatch(line.text)), None)
