"""A repository for the doctor in which all is well, and changes of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.fleet.doctor.case import Case, Deployment, Standard
from hub_image_actions.fleet.workflows.variables import DeploymentsLocation
from hub_image_actions.github.settings import BranchRules, RepositorySettings
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.references import parse_image_name

NAME = "berkeley-dsep-infra/data100-user-image"
IMAGE = "ucb-datahub-2018/user-images/data100-user-image"
FULL = f"us-central1-docker.pkg.dev/{IMAGE}"
BUILD, TEST = ".github/workflows/build-push-open-pr.yaml", ".github/workflows/test.yaml"
LINT, BINDER = ".github/workflows/yaml-lint.yaml", ".github/workflows/binder.yaml"
Change = Callable[[Case], Case]


def healthy(root: Path) -> Case:
    """Return a repository in which all is well, made from the template at that root."""
    folder = root / "template"
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes().replace(b"<HUBNAME>", b"data100")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    template = {path.name: path.read_bytes() for path in (folder / ".github/workflows").iterdir()}
    settings = RepositorySettings(
        variables={"HUB": "data100", "IMAGE": IMAGE, "CLIENT_ID": "Iv1"},
        secrets=frozenset({"GAR_SECRET_KEY", "PRIVATE_KEY_SECRET"}),
        rules=BranchRules(pull_request=True, checks=("Build and test", "Lint")),
    )
    snapshot = Snapshot(NAME, "main", "c" * 40, private=False, archived=False, files=files)
    return Case(
        snapshot,
        settings,
        Standard(template, release="v1.2.0"),
        "https://github.com",
        deployment_of("0123456789ab"),
    )


def deployment_of(tag: str, **known: str) -> Deployment:
    name = parse_image_name(FULL)
    one = Deployed("deployments/data100/hubploy.yaml", 3, "data100", name, tag, "", **known)
    return Deployment((one,), DeploymentsLocation(), presence={f"{FULL}:{tag}": True})


def settings(**changes: object) -> Change:
    def change(case: Case) -> Case:
        return replace(case, settings=replace(case.settings, **changes))  # type: ignore[arg-type]  # by name

    return change


def variables(**values: str) -> Change:
    def change(case: Case) -> Case:
        there = {**case.variables, **values}
        return settings(variables={name: value for name, value in there.items() if value})(case)

    return change


def file(path: str, old: str, new: str) -> Change:
    def change(case: Case) -> Case:
        text = case.snapshot.files.get(path, b"").decode()
        assert old in text
        return files({path: text.replace(old, new)})(case)

    return change


def files(texts: Mapping[str, str | None]) -> Change:
    def change(case: Case) -> Case:
        there: dict[str, bytes] = dict(case.snapshot.files)
        for path, text in texts.items():
            there.pop(path, None)
            if text is not None:
                there[path] = text.encode()
        return replace(case, snapshot=replace(case.snapshot, files=there))

    return change


def deployed(deployment: Deployment) -> Change:
    return lambda case: replace(case, deployment=deployment)


def both(first: Change, second: Change) -> Change:
    return lambda case: second(first(case))
