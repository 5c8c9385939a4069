"""The order of versions, as each manager of packages has it.

For apt it is Debian's (Policy 5.6.12). For all others it is that of PEP 440, widened so that whatever conda,
R, Julia and npm call a version has a place: words are pre-releases, and a single letter at the end comes
after the version that it is added to, as in OpenSSL's `1.1.1w` or the time zones' `2024a`.
"""

import re
from typing import TypeAlias

_Part: TypeAlias = tuple[int, int, str]
# What can be compared with `<`, as long as both are of one manager.
Key: TypeAlias = tuple[tuple[object, ...], ...]

# A version that ends is older than one that goes on with a number, newer than one that goes on with a word.
_END: _Part = (1, 0, "")
_SAME_WORDS = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc", "rev": "post", "r": "post"}
_OTHER_WORDS: dict[str, _Part] = {"dev": (-1, 0, ""), "post": (2, 0, "")}
_FIRST_YEAR = 1900
# Debian sorts all other characters after letters.
_AFTER_LETTERS = 256


def version_key(manager: str, version: str) -> Key:
    """Return what versions are sorted by."""
    return _debian(version) if manager == "apt" else _general(manager, version)


def is_major(manager: str, one: str, other: str) -> bool:
    """Say whether the leading numbers of two versions differ, and are not both years."""
    numbers = [_leading_number(manager, version) for version in (one, other)]
    return numbers[0] != numbers[1] and not all(number >= _FIRST_YEAR for number in numbers)


def _leading_number(manager: str, version: str) -> int:
    _, _, upstream = version.rpartition(":" if manager == "apt" else "!")
    found = re.match(r"v?([0-9]{1,18})", upstream)
    return int(found[1]) if found else 0


def _general(manager: str, version: str) -> Key:
    epoch, _, rest = version.lower().rpartition("!")
    public, plus, local = rest.removeprefix("v").partition("+")
    runs = re.findall(r"[0-9]+|[^0-9._-]+", public)
    first_word = next((index for index, run in enumerate(runs) if not _is_number(run)), len(runs))
    release = [_number(run) for run in runs[:first_word]]
    while release and release[-1] == _END:
        # `1.0` is `1`.
        release.pop()
    suffix = [_part(run) for run in runs[first_word:]]
    if manager != "pip" and len(runs) - first_word == 1 and len(runs[-1]) == 1:
        suffix = [(1, 0, runs[-1])]
    locals_ = [_part(run) for run in re.findall(r"[0-9]+|[^0-9._-]+", local)]
    return (_number(epoch),), (*release,), (*suffix, _END), (plus, *locals_)


def _is_number(run: str) -> bool:
    return run[0] in "0123456789"


def _part(run: str) -> _Part:
    if _is_number(run):
        return _number(run)
    word = _SAME_WORDS.get(run, run)
    return _OTHER_WORDS.get(word, (0, 0, word))


def _number(digits: str) -> _Part:
    # As text, after its length: a version may have more digits than Python takes for a number.
    stripped = digits.lstrip("0")
    return (1, len(stripped), stripped)


def _debian(version: str) -> Key:
    epoch, _, rest = version.partition(":") if ":" in version else ("", "", version)
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return _runs(epoch), _runs(upstream), _runs(revision)


def _runs(text: str) -> tuple[object, ...]:
    """Return a text as pairs of what is no number and the number after it, ended as if by an empty pair."""
    # The expression matches once more at the end, as what is empty.
    runs = re.findall(r"([^0-9]*)([0-9]*)", text or "0")
    return tuple((_characters(words), _number(digits)) for words, digits in runs)


def _characters(words: str) -> tuple[int, ...]:
    """Return what compares as Debian does: `~` before the end, the end before letters, then all else."""
    order = [-1 if c == "~" else ord(c) if c.isalpha() else ord(c) + _AFTER_LETTERS for c in words]
    return (*order, 0)
