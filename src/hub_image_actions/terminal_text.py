"""Texts that were written for a terminal: what they say without the orders that they give it.

Source: ECMA-48, sections 5.4 (control sequences, of which those that end in `m` are colors), 5.6 (control
strings, as of links and titles) and 5.3 (the same in one character, C1).
"""

import re

_COLOR = re.compile(r"\x1b\[[0-?]*m")
_ORDERS = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    # One that does not end in its line would hide all that follows: only its beginning goes.
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90-\x9f\r\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
# Python, JSON and pytest's reports write the character out.
_SPELLED = re.compile(r"(?:\\x1b|\\u001b|#x1B)\[[0-9;]*[mK]")
# What shells say of a script with the line ends of Windows: the character itself is what is wrong.
_NAMED_RETURN = re.compile("\r(?=['\u2019\"]?: )")


def tame(text: str) -> str:
    """Return `text` without what moves a terminal's cursor or gives it orders; colors stay."""
    kept = _ORDERS.sub(lambda order: order[0] if _COLOR.fullmatch(order[0]) else "", text)
    return _CONTROLS.sub("", kept.replace("\r", ""))


def plain(text: str) -> str:
    """Return `text` without colors and all other orders; its lines stay as they are."""
    return _CONTROLS.sub("", _ORDERS.sub("", text))


def last_state(line: str) -> str:
    """Return a line as it was written last: progress bars write over theirs."""
    states = [state for state in _NAMED_RETURN.sub("^M", line).split("\r") if state.strip()]
    return states[-1] if states else ""


def as_shown(line: str) -> str:
    """Return what a terminal shows of a line in the end, without colors."""
    unspelled = _SPELLED.sub("", _ORDERS.sub("", line))
    return _CONTROLS.sub("", _typed(last_state(unspelled))).rstrip()


def _typed(line: str) -> str:
    """Return a line as its backspaces leave it, by which spinners turn."""
    if "\b" not in line:
        return line
    shown: list[str] = []
    for character in line:
        if character != "\b":
            shown.append(character)
        elif shown:
            shown.pop()
    return "".join(shown)
