"""Inputs of an action: typed, and every error in one go.

An input that is empty has its default, so that a workflow can pass a repository variable that may be unset.
"""

import re
from collections.abc import Callable
from typing import TypeVar, cast

from hub_image_actions.errors import ActionError, InputError, InvalidInputs

T = TypeVar("T")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NUMBER = re.compile(r"[0-9]{1,9}")
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}


class Inputs:
    """Reads inputs one by one and keeps what is wrong with them until :meth:`check`.

    Args:
        read: returns an input's text by its name, empty where it is not set.
    """

    def __init__(self, read: Callable[[str], str]) -> None:
        self._read = read
        self._errors: list[InputError] = []
        self.defaults: dict[str, str] = {}

    def text(self, name: str, default: str = "", *, required: str = "") -> str:
        """Return a text of one line.

        Args:
            name: the input's name as in action.yml.
            default: what an empty input stands for.
            required: for an input that must be given, what the reader should do to give it.
        """
        self.defaults[name] = default
        value = self._read(name).strip() or default
        if required and not value:
            self.refuse(name, "it is required and empty.", required)
        if _CONTROL.search(value):
            remedy = "Write it in one line, without control characters."
            self.refuse(name, f"{value!r} holds a line break or control character.", remedy)
            return ""
        return value

    def secret(self, name: str, *, required: str = "") -> str:
        """Return a secret; what is wrong with it is said without showing it."""
        self.defaults[name] = ""
        value = self._read(name).strip()
        if required and not value:
            self.refuse(name, "it is required and empty.", required)
        if _CONTROL.search(value):
            self.refuse(name, "it holds a line break or control character.", "Store the secret anew.")
        return value

    def long_secret(self, name: str) -> str:
        """Return a secret that may have several lines, such as a JSON key."""
        self.defaults[name] = ""
        return self._read(name).strip()

    def parsed(
        self,
        name: str,
        parse: Callable[[str], T],
        default: str = "",
        *,
        empty: T | None = None,
        required: str = "",
    ) -> T:
        """Return what `parse` makes of a text; its error becomes this input's error.

        Args:
            name: the input's name as in action.yml.
            parse: raises an :class:`ActionError` for a text that it cannot use.
            default: the text that an empty input stands for.
            empty: the value where there is no text at all.
            required: for an input that must be given, what the reader should do to give it.
        """
        before = len(self._errors)
        value = self.text(name, default, required=required)
        if value and len(self._errors) == before:
            try:
                return parse(value)
            except ActionError as error:
                self.refuse(name, error.problem, error.remedy)
        # Nobody sees this value where there was an error: check() comes first.
        return cast("T", empty)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a truth value, written as YAML 1.2 writes it."""
        value = self.text(name, str(default).lower())
        if value not in _TRUE | _FALSE:
            self.refuse(name, f"{value!r} is no truth value.", "Write `true` or `false`.")
        return value in _TRUE

    def number(self, name: str, default: int) -> int:
        """Return a whole number that is not negative."""
        value = self.text(name, str(default))
        if not _NUMBER.fullmatch(value):
            self.refuse(name, f"{value!r} is no whole number.", f"Write digits only, as `{default}`.")
            return default
        return int(value)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Return one of some words; the first is the default."""
        value = self.text(name, choices[0])
        if value not in choices:
            self.refuse(name, f"{value!r} is none of the choices.", f"Write {', '.join(map(repr, choices))}.")
        return value

    def pairs(self, name: str) -> dict[str, str]:
        """Return names and values, written as ``NAME=value``, one a line."""
        self.defaults[name] = ""
        found = {}
        for line in filter(None, map(str.strip, self._read(name).splitlines())):
            key, equals, value = line.partition("=")
            if not equals or not key or _CONTROL.search(line):
                self.refuse(name, f"{line!r} has no name and value.", "Write `NAME=value`, one a line.")
            found[key] = value
        return found

    def items(self, name: str, default: str = "", parse: Callable[[str], object] = str) -> tuple[str, ...]:
        """Return a list: one item a line, or separated by commas.

        Args:
            name: the input's name as in action.yml.
            default: the text that an empty input stands for.
            parse: raises an :class:`ActionError` for an item that cannot be used.
        """
        self.defaults[name] = default
        value = self._read(name).strip() or default
        items = [item.strip() for item in re.split(r"[\r\n,]", value) if item.strip()]
        for item in items:
            if _CONTROL.search(item):
                self.refuse(name, f"{item!r} holds a control character.", "Write one item a line.")
                continue
            try:
                parse(item)
            except ActionError as error:
                self.refuse(name, error.problem, error.remedy)
        return tuple(items)

    def refuse(self, name: str, problem: str, remedy: str) -> None:
        """Keep an error about an input."""
        self._errors.append(InputError(name, problem, remedy))

    def check(self) -> None:
        """Raise all errors that were kept.

        Raises:
            InvalidInputs: there is at least one.
        """
        if self._errors:
            raise InvalidInputs(tuple(self._errors))
