"""Labels that change in an image that stays: wherever its configuration and its manifest repeat them.

The labels are in the configuration, and builders write them down elsewhere as well: Docker's older builder in
`container_config`, and both in the history, as the instruction that set them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub_image_actions.images.written_json import Json


@dataclass(frozen=True)
class RenewedLabels:
    """Labels that take the place of those that an image has.

    Args:
        given: the labels that it gets; where it has one of the name, in its place.
        gone: the names of those that it loses, unless they are given.
    """

    given: Mapping[str, str]
    gone: frozenset[str] = frozenset()

    @property
    def _names(self) -> frozenset[str]:
        return self.gone | self.given.keys()

    def labels(self, old: Mapping[str, str]) -> dict[str, str]:
        """Return the labels of an image after the change; made twice, the change makes no difference."""
        kept = {name: text for name, text in old.items() if name not in self._names}
        return {**kept, **self.given}

    def repeated(self, old: Json) -> Json:
        """Return a repetition of labels, as annotations are: what is not repeated there is not added."""
        return {
            name: self.given.get(name, text)
            for name, text in old.items()
            if name not in self.gone or name in self.given
        }

    def configuration(self, content: Json, labels: Mapping[str, str]) -> Json:
        """Return the configuration of an image after the change.

        Args:
            content: the configuration.
            labels: the labels that it has.
        """
        changed = {**content, "config": {**(content.get("config") or {}), "Labels": self.labels(labels)}}
        if isinstance(container := content.get("container_config"), dict):
            changed["container_config"] = self._container(container, labels)
        if isinstance(history := content.get("history"), list):
            changed["history"] = [self._entry(entry, labels) for entry in history]
        return changed

    def _container(self, container: Json, labels: Mapping[str, str]) -> Json:
        changed = dict(container)
        if isinstance(repeated := container.get("Labels"), dict):
            changed["Labels"] = self.repeated(repeated)
        if isinstance(command := container.get("Cmd"), list):
            changed["Cmd"] = [self._instruction(part, labels) for part in command]
        return changed

    def _entry(self, entry: Any, labels: Mapping[str, str]) -> Any:  # noqa: ANN401  # JSON
        if not isinstance(entry, dict) or not entry.get("empty_layer") or "created_by" not in entry:
            return entry
        return {**entry, "created_by": self._instruction(entry["created_by"], labels)}

    def _instruction(self, text: Any, labels: Mapping[str, str]) -> Any:  # noqa: ANN401  # JSON
        """Return an instruction that sets labels; builders write it without quotes around the values."""
        if not isinstance(text, str) or "LABEL " not in text:
            return text
        padded = f"{text} "
        for name in self._names & labels.keys():
            told = f" {name}={labels[name]} "
            padded = padded.replace(told, f" {name}={self.given.get(name, '')} ")
        return padded[:-1]
