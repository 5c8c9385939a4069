"""What a hub needs to start a server, and people need to work on it."""

import importlib
import subprocess

import pytest


# Add the packages whose import matters to your courses.
@pytest.mark.parametrize("module", ["jupyterhub", "jupyterlab", "jupyter_server"])
def test_a_module_can_be_imported(module):
    importlib.import_module(module)


@pytest.mark.parametrize("command", ["jupyterhub-singleuser", "jupyter-lab"])
def test_a_command_starts(command):
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_there_is_a_python_kernel():
    done = subprocess.run(
        ["jupyter", "kernelspec", "list"], capture_output=True, text=True, timeout=120, check=False
    )
    assert "python3" in done.stdout
