"""GitHub's own description of its REST API, and the check of requests and answers against it."""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs

DESCRIPTION = (
    Path(__file__).parents[1] / "node_modules" / "@octokit" / "openapi" / "generated" / "api.github.com.json"
)

# GitHub gives these on any endpoint; its description mentions them only on some
# (https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api).
GENERAL_STATUSES = {"401", "403", "404", "422", "429"}

# What GitHub answers although its description does not say so.
FURTHER_STATUSES = {("POST", "/repos/{owner}/{repo}/actions/variables"): {"409"}}

# Parameters that hold slashes on the wire although a template shows one segment.
MANY_SEGMENTS = {"ref", "path", "basehead", "branch"}
SHOWN = 5
# It says oneOf where several fit: its general error, for one, fits wherever a special one does.
WORDS = {"oneOf": "anyOf"}

Json = Any


class Template:
    """A path of the description, as a pattern for concrete paths."""

    def __init__(self, text: str) -> None:
        """Make the pattern of a template such as /repos/{owner}/{repo}."""
        self.text = text
        self.literals = len(re.sub(r"\{\w+\}", "", text))
        parts = re.split(r"\{([\w-]+)\}", text)
        named = [
            f"(?P<{part.replace('-', '_')}>{'.+' if part in MANY_SEGMENTS else '[^/]+'})"
            if index % 2
            else re.escape(part)
            for index, part in enumerate(parts)
        ]
        self.pattern = re.compile("".join(named))

    def match(self, path: str) -> dict[str, str] | None:
        """Return the parameters of a path, still percent-encoded, or None."""
        found = self.pattern.fullmatch(path)
        return found.groupdict() if found else None


def converted(schema: Json) -> Json:
    """Return a schema of OpenAPI 3.0 in the words of JSON Schema: `nullable` becomes a type."""
    if isinstance(schema, list):
        return [converted(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/")}
    plain = {
        WORDS.get(key, key): _named(value) if key in ("properties", "patternProperties") else converted(value)
        for key, value in schema.items()
        if key not in ("nullable", "example", "examples", "default", "discriminator", "description", "title")
    }
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") else plain


def _named(properties: Mapping[str, Json]) -> dict[str, Json]:
    # Property names such as "title" or "description" are names here, not keywords.
    return {name: converted(schema) for name, schema in properties.items()}


class Description:
    """The OpenAPI document, read once; validators are compiled when an operation is first used."""

    def __init__(self, path: Path) -> None:
        """Read the document.

        Raises:
            FileNotFoundError: It is not there: `npm ci` in tests/ installs it.
        """
        self.document: dict[str, Json] = json.loads(path.read_bytes())
        self.schemas: dict[str, Json] = self.document["components"]["schemas"]
        self._validators: dict[tuple[str, str, str], jsonschema_rs.Validator | None] = {}
        self._converted: dict[str, Json] = {}

    @functools.cached_property
    def templates(self) -> list[Template]:
        """Return all paths, the most specific first."""
        return sorted(map(Template, self.document["paths"]), key=lambda template: -template.literals)

    def template_for(self, path: str) -> str | None:
        """Return the template that a concrete path belongs to, or None for an unknown path."""
        return next((template.text for template in self.templates if template.match(path)), None)

    def operation(self, method: str, template: str) -> dict[str, Json] | None:
        """Return the operation at a method and template, or None."""
        found: dict[str, Json] | None = self.document["paths"].get(template, {}).get(method.lower())
        return found

    def request_problems(self, method: str, template: str, query: Mapping[str, str], body: Json) -> list[str]:
        """Return what is wrong with a request: parameters and body. A body of None means there was none."""
        operation = self.operation(method, template)
        if operation is None:
            return ["no such operation in GitHub's API"]
        return [
            *self._query_problems(operation, query),
            *self._body_problems(method, template, operation, body),
        ]

    def answer_problems(self, method: str, template: str, status: int, body: Json) -> list[str]:
        """Return what is wrong with an answer: its status and its fields."""
        operation = self.operation(method, template)
        if operation is None:
            return []
        answer = operation["responses"].get(str(status))
        if answer is None:
            known = GENERAL_STATUSES | FURTHER_STATUSES.get((method, template), set())
            return [] if str(status) in known else [f"status {status} is not documented"]
        content = self._resolved(answer).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None:
            # GitHub documents no fields for some refusals and then gives its usual error object.
            return [] if body is None or status >= 400 else ["a body where none is documented"]
        return self._violations((method, template, str(status)), schema, body, "answer")

    def event_problems(self, event: str, payload: Json) -> list[str]:
        """Return what is wrong with the payload of an event, named as in `workflow-run-completed`."""
        operation = self.document["x-webhooks"][event]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return self._violations((event, "", "payload"), schema, payload, "payload")

    def _query_problems(self, operation: Mapping[str, Json], query: Mapping[str, str]) -> Iterator[str]:
        parameters = map(self._resolved, operation.get("parameters", []))
        known = {parameter["name"]: parameter for parameter in parameters if parameter["in"] == "query"}
        for name, value in query.items():
            if name not in known:
                yield f"unknown query parameter {name!r}"
                continue
            schema = self._resolved(known[name]["schema"])
            if "enum" in schema and value not in schema["enum"]:
                yield f"query parameter {name}={value!r} is none of {schema['enum']}"
            if schema.get("type") == "integer" and not value.isdecimal():
                yield f"query parameter {name}={value!r} is not an integer"
        yield from (
            f"query parameter {n!r} is missing"
            for n, p in known.items()
            if p.get("required") and n not in query
        )

    def _body_problems(
        self, method: str, template: str, operation: Mapping[str, Json], body: Json
    ) -> list[str]:
        described = self._resolved(operation.get("requestBody", {}))
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return [] if body is None else ["a body where none is documented"]
        if body is None:
            return ["the body is missing"] if described.get("required") else []
        return [
            *self._violations((method, template, "body"), schema, body, "body"),
            *self._unknown_fields(self._resolved(schema), body),
        ]

    def _unknown_fields(self, schema: Mapping[str, Json], body: Json) -> list[str]:
        # GitHub ignores a field that it does not know, so a misspelt one would never be noticed there.
        if not isinstance(body, dict) or "properties" not in schema:
            return []
        return [f"body: unknown field {name!r}" for name in body if name not in schema["properties"]]

    def _violations(self, key: tuple[str, str, str], schema: Json, value: Json, what: str) -> list[str]:
        if key not in self._validators:
            self._validators[key] = self._compiled(schema)
        validator = self._validators[key]
        if validator is None or validator.is_valid(value):
            return []
        errors = list(validator.iter_errors(value))[:SHOWN]
        return [f"{what}{_pointer(error.instance_path)}: {error.message[:400]}" for error in errors]

    def _compiled(self, schema: Json) -> jsonschema_rs.Validator:
        root = converted(schema)
        whole = {**root, "$defs": self._reached(root)}
        return jsonschema_rs.Draft202012Validator(whole, validate_formats=True, ignore_unknown_formats=True)

    def _reached(self, root: Json) -> dict[str, Json]:
        reached: dict[str, Json] = {}
        waiting = _references(root)
        while waiting:
            name = waiting.pop()
            if name in reached:
                continue
            if name not in self._converted:
                self._converted[name] = converted(self.schemas[name])
            reached[name] = self._converted[name]
            waiting |= _references(reached[name])
        return reached

    def _resolved(self, value: dict[str, Json]) -> dict[str, Json]:
        while "$ref" in value:
            found: Json = self.document
            for part in value["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            value = found
        return value


def _references(schema: Json) -> set[str]:
    if isinstance(schema, list):
        return {name for item in schema for name in _references(item)}
    if not isinstance(schema, dict):
        return set()
    if isinstance(schema.get("$ref"), str):
        return {schema["$ref"].removeprefix("#/$defs/")}
    return {name for item in schema.values() for name in _references(item)}


def _pointer(path: list[str | int]) -> str:
    return "".join(f"[{part!r}]" for part in path)


@functools.lru_cache(maxsize=2)
def load(path: Path = DESCRIPTION) -> Description:
    """Return the description at a path, read once in a process."""
    return Description(path)
