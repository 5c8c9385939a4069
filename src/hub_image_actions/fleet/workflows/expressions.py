"""Expressions of workflows, `${{ … }}`, and what they come to as far as that is known.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions.
"""

import re
from collections.abc import Callable, Sequence
from enum import Enum
from itertools import zip_longest

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[+-]?\d[\w.]*)|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[!<>()\[\],.*]))"
)
# GitHub's own limit.
_DEEPEST = 50


class Unsaid(Enum):
    """A value that is not known: a text that is there, as a secret's, or any value at all."""

    FILLED = "a text that is there"
    UNKNOWN = "any value"


Value = str | bool | Unsaid
# What a name stands for, as `("secrets", "APP_ID")` or `("steps", "app", "outputs", "token")`.
Look = Callable[[Sequence[str]], Value]


class _MalformedExpression(Exception):
    """What GitHub does not read either, or what nobody nests so deep."""


def truth(value: Value) -> bool | None:
    """Say whether a value counts as true; None where that is not known."""
    if isinstance(value, Unsaid):
        return True if value is Unsaid.FILLED else None
    return bool(value)


def value_of(text: str, look: Look) -> Value:
    """Return what a text comes to once its expressions are replaced.

    Args:
        text: the text, as an input has it.
        look: gives what a name stands for.
    """
    written, inner = _parted(text)
    values = [_evaluated(expression, look) for expression in inner]
    if len(values) == 1 and not "".join(written).strip():
        return values[0]
    if any(isinstance(value, Unsaid) for value in values):
        filled = any(written) or any(truth(value) for value in values)
        return Unsaid.FILLED if filled else Unsaid.UNKNOWN
    shown = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return "".join(part for both in zip_longest(written, shown, fillvalue="") for part in both)


def holds(condition: str, look: Look) -> bool | None:
    """Say whether a condition holds, which is an expression with or without `${{ }}`; None if not known."""
    written, inner = _parted(condition)
    expression = inner[0] if len(inner) == 1 and not "".join(written).strip() else condition
    return truth(_evaluated(expression, look)) if expression.strip() else True


def _parted(text: str) -> tuple[list[str], list[str]]:
    """Return what stands before, between and behind the expressions of a text, and the expressions."""
    written, inner = [""], []
    at = 0
    while (start := text.find("${{", at)) >= 0 and (end := text.find("}}", start)) >= 0:
        written[-1] += text[at:start]
        inner.append(text[start + 3 : end])
        written.append("")
        at = end + 2
    written[-1] += text[at:]
    return written, inner


def _evaluated(inner: str, look: Look) -> Value:
    try:
        return _Reader(inner, look).value()
    except _MalformedExpression:
        return Unsaid.UNKNOWN


class _Reader:
    """Reads one expression from left to right."""

    def __init__(self, text: str, look: Look) -> None:
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0
        self._look = look

    def value(self) -> Value:
        """Return the value of the whole expression."""
        value = self._either()
        if self._at < len(self._tokens):
            raise _MalformedExpression
        return value

    def _either(self) -> Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _MalformedExpression
        value = self._both()
        while self._takes("||"):
            value = _or(value, self._both())
        self._depth -= 1
        return value

    def _both(self) -> Value:
        value = self._compared()
        while self._takes("&&"):
            value = _and(value, self._compared())
        return value

    def _compared(self) -> Value:
        value = self._negated()
        while sign := self._takes("==", "!=", "<", ">", "<=", ">="):
            value = _comparison(sign, value, self._negated())
        return value

    def _negated(self) -> Value:
        times = 0
        while self._takes("!"):
            times += 1
        value = self._operand()
        if times:
            known = truth(value)
            return Unsaid.UNKNOWN if known is None else known != bool(times % 2)
        return value

    def _operand(self) -> Value:
        if self._takes("("):
            value = self._either()
            self._expects(")")
            return value
        kind, text = self._next()
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return text if text.strip("+-0.") else ""
        if kind != "name":
            raise _MalformedExpression
        if text.lower() in {"true", "false", "null"}:
            return "" if text.lower() == "null" else text.lower() == "true"
        return self._called(text) if self._takes("(") else self._named(text)

    def _called(self, name: str) -> Value:
        arguments: list[Value] = []
        while not self._takes(")"):
            arguments.append(self._either())
            if not self._takes(","):
                self._expects(")")
                break
        return _result(name.lower(), arguments)

    def _named(self, first: str) -> Value:
        way = [first]
        while sign := self._takes(".", "["):
            if sign == "[":
                key = self._either()
                way.append(key if isinstance(key, str) else "*")
                self._expects("]")
            else:
                way.append(self._next()[1])
        return self._look(way)

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise _MalformedExpression
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, *signs: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at] in {("sign", sign) for sign in signs}:
            return self._next()[1]
        return ""

    def _expects(self, sign: str) -> None:
        if not self._takes(sign):
            raise _MalformedExpression


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if not match:
            raise _MalformedExpression
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        at = match.end()
    return found


def _or(first: Value, second: Value) -> Value:
    known = truth(first)
    if known is None:
        return Unsaid.FILLED if truth(second) else Unsaid.UNKNOWN
    return first if known else second


def _and(first: Value, second: Value) -> Value:
    known = truth(first)
    if known is None:
        return second if truth(second) is False else Unsaid.UNKNOWN
    return second if known else first


def _comparison(sign: str, first: Value, second: Value) -> Value:
    if sign not in {"==", "!="}:
        return Unsaid.UNKNOWN
    if isinstance(first, Unsaid) or isinstance(second, Unsaid):
        # What is there is not empty, whatever it is.
        apart = {first, second} == {Unsaid.FILLED, ""}
        return (sign == "!=") if apart else Unsaid.UNKNOWN
    if isinstance(first, bool) != isinstance(second, bool):
        # A text and a boolean are compared as numbers, and "true" is none: true is never 'true'.
        return Unsaid.UNKNOWN if "" in {first, second} else sign == "!="
    return (str(first).lower() == str(second).lower()) == (sign == "==")


def _result(name: str, arguments: Sequence[Value]) -> Value:
    texts = [value.lower() for value in arguments if isinstance(value, str)]
    if len(texts) != len(arguments) or len(texts) != 2:  # noqa: PLR2004 - where, and what
        return Unsaid.UNKNOWN
    where, what = texts
    answers = {
        "contains": what in where,
        "startswith": where.startswith(what),
        "endswith": where.endswith(what),
    }
    return answers.get(name, Unsaid.UNKNOWN)
