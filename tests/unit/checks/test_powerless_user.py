"""The user without rights: the number, and what is asked of the system for it."""

import os
import pwd
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from hub_image_actions import process
from hub_image_actions.checks import powerless_user as module
from hub_image_actions.checks.powerless_user import NoPowerlessUser, PowerlessUser, powerless_user
from hub_image_actions.errors import CommandError
from hub_image_actions.process import Completed


@pytest.mark.parametrize(("effective", "begin"), [(0, ["setpriv"]), (1001, ["sudo", "--non-interactive"])])
def test_the_user_is_changed_by_root_or_sudo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, effective: int, begin: list[str]
) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Completed:
        asked.append(command)
        return Completed("64800\n", "")

    monkeypatch.setattr(os, "geteuid", lambda: effective)
    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(module, "SHARED", tmp_path)
    monkeypatch.setattr(module, "NUMBERS", range(64800, 64801))
    monkeypatch.setattr(module, "_lock", lambda _: nullcontext())
    with powerless_user({}) as user:
        assert user.folder.parent == tmp_path
        assert user.folder.stat().st_mode & 0o777 == 0o711
    trial = asked[0]
    assert trial[: len(begin)] == begin
    assert {"--clear-groups", "--no-new-privs", "--bounding-set=-all", "--reuid=64800"} <= set(trial)
    assert asked[-1][-4:] == ["rm", "-rf", "--", str(user.folder)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (CommandError("setpriv", -1, "", "there is no setpriv"), "there is no setpriv"),
        (CommandError("sudo", 1, "", "sudo: a password is required"), "a password is required"),
        (Completed("0\n", ""), "does not change the user"),
    ],
)
def test_where_the_user_cannot_be_changed_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: Completed | CommandError, said: str
) -> None:
    def run(*_: Any, **__: Any) -> Completed:
        if isinstance(answer, CommandError):
            raise answer
        return answer

    monkeypatch.setattr(process, "run", run)
    monkeypatch.setattr(module, "SHARED", tmp_path)
    with pytest.raises(NoPowerlessUser, match=said), powerless_user({}):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_number_of_an_account_or_a_process_is_not_free() -> None:
    assert not module._is_free(pwd.getpwuid(os.getuid()).pw_uid)
    assert any(map(module._is_free, module.NUMBERS))


def test_a_number_is_lent_once() -> None:
    first = module._lock(63_999)
    assert first is not None
    assert module._lock(63_999) is None
    first.close()
    again = module._lock(63_999)
    assert again is not None
    again.close()


def test_what_is_shown_can_be_read_and_not_written(tmp_path: Path) -> None:
    source, shown = tmp_path / "source", tmp_path / "shown"
    (source / ".git").mkdir(parents=True)
    (source / "link").symlink_to("/etc/passwd")
    (source / "program").touch(mode=0o700)
    (source / "text").touch(mode=0o666)
    shown.mkdir()
    copy = PowerlessUser(64_800, shown, {}).show(source, "checkout/tests")
    assert sorted(path.name for path in copy.iterdir()) == ["link", "program", "text"]
    assert (copy / "link").is_symlink()
    assert [(copy / name).stat().st_mode & 0o777 for name in ("program", "text", ".")] == [
        0o755,
        0o644,
        0o755,
    ]
