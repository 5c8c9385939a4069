"""GitHub's runner, to be changed at will: this machine with the user, `sudo` and folders of one."""

import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from testbed.debian import unpacked

# The number that GitHub gives its user `runner`.
USER = 1001
# What /etc/sudoers says of the user; None: there is no `sudo`.
# Source: https://docs.github.com/en/actions/reference/runners/github-hosted-runners
Sudo = Literal["without a password", "with a password", "not there"]
SUDOERS: dict[Sudo, str] = {
    "without a password": "Defaults !lecture\nroot ALL=(ALL) ALL\n#1001 ALL=(ALL) NOPASSWD: ALL\n",
    "with a password": "Defaults !lecture\nroot ALL=(ALL) ALL\n#1001 ALL=(ALL) ALL\n",
}
# All in a mount namespace: the file systems go with its last process. What the run changes lies in memory,
# over the machine's own root, which is only read. `/tmp` and `/run` are the machine's, for sockets and the
# test's own files.
ENTER = """\
#!/bin/bash
set -euo pipefail
{become_root}
exec unshare --mount -- /bin/bash {inside} "$@"
"""
INSIDE = """\
set -euo pipefail
layers={folder}/layers
mkdir --parents "$layers"
mount -t tmpfs tmpfs "$layers"
mkdir "$layers"/{{changed,work,root}}
# The machine may have these folders for itself: they are hidden, not emptied.
for path in {hidden}; do
  mkdir --parents "$layers/changed$(dirname "$path")"
  mknod "$layers/changed$path" c 0 0
done
mount -t overlay -o lowerdir=/,upperdir="$layers/changed",workdir="$layers/work" overlay "$layers/root"
root=$layers/root
for place in /proc /dev /sys /tmp /run; do mount --rbind "$place" "$root$place"; done
for place in {reached}; do chmod a+x "$root$place"; done
{sudo}
if ! grep -q '^[^:]*:[^:]*:{user}:' "$root/etc/passwd"; then
  echo 'runner:x:{user}:{user}::/home/runner:/bin/bash' >>"$root/etc/passwd"
  echo 'runner:*:20000:0:99999:7:::' >>"$root/etc/shadow"
fi
chroot "$root" /bin/bash -euc {prepare}
# Nothing that has a mount below it: the machine's own devices would be given away.
chown --recursive --no-dereference {user} {owned}
status=0
chroot "$root" {become_user} -- {python} "$@" || status=$?
# What is deleted in the background has a moment for it.
chroot "$root" /bin/bash -euc {report} >{told}
exit "$status"
"""
INSTALL = """\
cp --archive {package}/usr/. "$root/usr/"
cp --archive {package}/etc/. "$root/etc/"
"""
ALLOW = """\
printf %s {sudoers} >"$root/etc/sudoers"
chmod 440 "$root/etc/sudoers"
"""
REPORT = """\
for _ in {{1..100}}; do
  ls -d {asides} >/dev/null 2>&1 || break
  sleep 0.1
done
for path in {watched}; do if [ -e "$path" ] || [ -L "$path" ]; then echo "$path"; fi; done
"""


@dataclass(frozen=True)
class RunnerMachine:
    """What an action finds on a machine of GitHub's.

    Args:
        folder: for its own files.
        owned: what becomes the user's, with all that is in it.
        python: the interpreter that runs the action.
        folders: what is there to delete, besides what `prepare` makes.
        sudo: what the user may do by it.
        prepare: a shell script that root runs before, such as one that mounts something.
        watched: paths of which the caller wants to know whether they are there afterwards.
        socket: Docker's socket, which the user may use.
        is_root: whether the action runs as root instead.
        reached: paths whose folders everybody may enter on such a machine.
    """

    folder: Path
    owned: Sequence[Path]
    python: Path
    folders: Sequence[str]
    sudo: Sudo
    socket: Path
    reached: Sequence[Path]
    prepare: str = ""
    watched: Sequence[str] = ()
    is_root: bool = False

    def interpreter(self) -> Path:
        """Return a program that does there what the interpreter does here.

        Raises:
            ProgramError: there is no `sudo`, and it cannot be fetched.
        """
        inside, program = self.folder / "inside.sh", self.folder / "python3"
        inside.write_text(self._inside(), encoding="utf-8")
        become_root = "" if os.geteuid() == 0 else '[ "$(id -u)" = 0 ] || exec sudo -n -E "$0" "$@"'
        entry = ENTER.format(become_root=become_root, inside=shlex.quote(str(inside)))
        program.write_text(entry, encoding="utf-8")
        program.chmod(0o755)
        return program

    def left(self) -> list[str]:
        """Return which of the folders and watched paths were there at the end of the last run."""
        return self._told.read_text(encoding="utf-8").splitlines()

    @property
    def _told(self) -> Path:
        return self.folder / "told"

    def _inside(self) -> str:
        group = self.socket.stat().st_gid
        user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", f"--groups={group}"]
        asides = " ".join(f"{folder}.*" for folder in self.folders)
        report = REPORT.format(asides=asides, watched=shlex.join([*self.folders, *self.watched]))
        files = " ".join(f"mkdir --parents {folder}/a; echo 1 >{folder}/a/b;" for folder in self.folders)
        return INSIDE.format(
            folder=shlex.quote(str(self.folder)),
            hidden=shlex.join(self.folders),
            reached=shlex.join(self._entered()),
            sudo=self._install_sudo(),
            user=USER,
            prepare=shlex.quote(f"{files}\n{self.prepare}"),
            owned=shlex.join(map(str, self.owned)),
            become_user="env" if self.is_root else shlex.join(user),
            python=shlex.quote(str(self.python)),
            report=shlex.quote(report),
            told=shlex.quote(str(self._told)),
        )

    def _entered(self) -> list[str]:
        # What lies in /tmp is the machine's own, and stays as it is.
        paths = [path.resolve() for path in (self.python, *self.reached)]
        return sorted({str(folder) for path in paths for folder in path.parents} - {"/", "/tmp"})  # noqa: S108  # a name to leave out

    def _install_sudo(self) -> str:
        if self.sudo == "not there":
            return 'rm --force "$root"/{bin,usr/bin,usr/local/bin}/sudo'
        install = "" if shutil.which("sudo") else INSTALL.format(package=shlex.quote(str(unpacked("sudo"))))
        return install + ALLOW.format(sudoers=shlex.quote(SUDOERS[self.sudo]))
