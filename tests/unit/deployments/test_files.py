"""The files of deployments: which are YAML, and which are templates."""

from pathlib import Path

import pytest

from hub_image_actions.deployments.files import File, FileReference


@pytest.mark.parametrize(
    ("name", "is_yaml"),
    [
        ("hubploy.yaml", True),
        ("HUBPLOY.YML", True),
        ("values.json", True),
        ("values.yaml.j2", True),
        ("values.yml.gotmpl", True),
        ("values.j2", False),
        ("yaml", False),
        ("notes.md", False),
        ("values.yaml.bak", False),
    ],
)
def test_the_name_says_whether_a_file_is_yaml(name: str, is_yaml: bool) -> None:
    assert File(Path("deployments", name), name, "data100").is_yaml is is_yaml


@pytest.mark.parametrize(
    ("file", "in_template"),
    [
        ("{{cookiecutter.hub}}/hubploy.yaml", True),
        ("deployments/data100/hubploy.yaml", False),
        ("{a}", False),
    ],
)
def test_a_file_below_a_folder_to_be_filled_in_is_a_template(file: str, in_template: bool) -> None:
    assert FileReference(file, 1, "data100").in_template is in_template
