"""Whether the registries have what hubs are to run; one that does not say is told of once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Protocol

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.errors import ActionError, RegistryUnreachable
from hub_image_actions.fleet.status.answers import Reader
from hub_image_actions.fleet.status.rows import pulled_image
from hub_image_actions.fleet.status.table import Presence

_Answers = Mapping[str, bool | ActionError]


class HasImages(Protocol):
    """A registry, as far as it is asked."""

    def has(self, repository: str, reference: str) -> bool:
        """Say whether there is such an image."""


class Presences:
    """Asks the registries for references.

    Args:
        registry: gives the registry of a host.
        read: makes the calls.

    Attributes:
        problems: the registries that do not say what they have, and why.
    """

    def __init__(self, registry: Callable[[str], HasImages], read: Reader) -> None:
        self.problems: list[str] = []
        self._registry = registry
        self._read = read

    def of(self, references: Iterable[Deployed]) -> Mapping[str, Presence]:
        """Return whether the registries have what a cluster pulls, by its name.

        Args:
            references: the references; those without tag and digest are asked for nowhere.
        """
        hosts: dict[str, dict[str, Deployed]] = defaultdict(dict)
        for one in references:
            if one.tag or one.digest:
                hosts[one.image.registry].setdefault(pulled_image(one), one)
        # One that gives no answer is asked a single question: each waits until its time is over.
        first = self._asked({name: named[name] for named in hosts.values() for name in list(named)[:1]})
        silent = {name for name, answer in first.items() if isinstance(answer, RegistryUnreachable)}
        speaking = (named for named in hosts.values() if not silent & named.keys())
        rest = {name: one for named in speaking for name, one in named.items() if name not in first}
        answers = {**first, **self._asked(rest)}
        return {
            name: presence
            for host, named in hosts.items()
            for name, presence in self._of_host(host, named, answers).items()
        }

    def _asked(self, references: Mapping[str, Deployed]) -> _Answers:
        calls = {name: partial(self._has, one) for name, one in references.items()}
        return self._read("whether the registry has", calls)

    def _has(self, one: Deployed) -> bool:
        return self._registry(one.image.registry).has(one.image.repository, one.digest or one.tag)

    def _of_host(self, host: str, named: Iterable[str], answers: _Answers) -> Mapping[str, Presence]:
        names = list(named)
        errors = [answer for name in names if isinstance(answer := answers.get(name), ActionError)]
        unreachable = any(isinstance(error, RegistryUnreachable) for error in errors)
        if unreachable or 1 < len(names) == len(errors):
            count = f"{len(names)} image{'s' * (len(names) != 1)}"
            self.problems.append(f"Whether {host} has the {count} on hubs is not known: {errors[0]}")
            known = {name: found for name in names if isinstance(found := answers.get(name), bool)}
            return {name: Presence(known.get(name)) for name in names}
        return {name: _presence(answers[name]) for name in names}


def _presence(answer: bool | ActionError) -> Presence:
    return Presence(problem=str(answer)) if isinstance(answer, ActionError) else Presence(answer)
