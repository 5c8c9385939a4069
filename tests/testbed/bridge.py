"""A network bridge for the containers of one engine, so that several engines do not share addresses."""

import fcntl
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from testbed.process import ProgramError, run

SUBNETS = 200


class Bridge:
    """A bridge with a subnet of its own and, where the kernel allows, a way out for its containers."""

    def __init__(self) -> None:
        """Describe a bridge that is not there yet."""
        self.name = ""
        self.address = ""
        self._stack = ExitStack()

    def __enter__(self) -> "Bridge":
        """Make the bridge.

        Raises:
            ProgramError: the machine does not let us, or has no number left.
        """
        with ExitStack() as stack:
            number = self._claim(stack)
            self.name = f"testbed{number}"
            self.address = f"10.213.{number}.1"
            self._remove(number)
            stack.callback(self._remove, number)
            run(["ip", "link", "add", "name", self.name, "type", "bridge"])
            run(["ip", "addr", "add", f"{self.address}/24", "dev", self.name])
            run(["ip", "link", "set", self.name, "up"])
            for table, rule in self._rules(number):
                run(["iptables", "-w", "-t", table, "-I", *rule])
            self._stack = stack.pop_all()
        return self

    def _claim(self, stack: ExitStack) -> int:
        # The kernel lets go of a lock when its owner dies, so the bridge of a killed test run is taken over.
        for number in range(1, SUBNETS):
            path = Path(tempfile.gettempdir(), f"testbed-bridge-{number}.lock")
            lock = path.open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            stack.callback(lock.close)
            return number
        raise ProgramError(f"all bridges from testbed1 to testbed{SUBNETS - 1} are taken")

    def _remove(self, number: int) -> None:
        links = run(["ip", "-brief", "link", "show", "type", "bridge"]).split()
        if self.name in links:
            run(["ip", "link", "delete", self.name])
        for table, rule in self._rules(number):
            text = f"-A {' '.join(rule)}"
            if text in run(["iptables", "-w", "-t", table, "-S", rule[0]]).splitlines():
                run(["iptables", "-w", "-t", table, "-D", *rule])

    def _rules(self, number: int) -> list[tuple[str, list[str]]]:
        # Rules of our own instead of Docker's: an engine that starts rewrites the chains of the others,
        # and one that ran before may have left a policy that lets nothing through.
        subnet = f"10.213.{number}.0/24"
        return [
            ("nat", ["POSTROUTING", "-s", subnet, "!", "-o", self.name, "-j", "MASQUERADE"]),
            ("filter", ["FORWARD", "-i", self.name, "-j", "ACCEPT"]),
            ("filter", ["FORWARD", "-o", self.name, "-j", "ACCEPT"]),
        ]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bridge."""
        self._stack.close()
