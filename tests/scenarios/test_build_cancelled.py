"""A cancelled job: what was begun is ended, and nothing is left behind."""

import os
import signal
import subprocess
import threading
import time

import pytest

from scenarios.images import IMAGE, ImageRepository, running_with
from testbed.fault_proxy import FaultProxy, Silence

SLEEPS = "import time\n\n\ndef test_slow():\n    print('testing now')\n    time.sleep(77.7)\n"


def cancelled(
    images: ImageRepository, sent: signal.Signals, when: object, **given: str
) -> tuple[str, float, list[str]]:
    """Run `build` and cancel it as a runner does; return the log, the time that took, and what was left."""
    ended: list[float] = []

    def cancel(process: "subprocess.Popen[str]") -> None:
        deadline = time.monotonic() + 60
        while not when() and time.monotonic() < deadline:  # type: ignore[operator]  # a callable
            time.sleep(0.05)
        ended.append(time.monotonic())
        process.send_signal(sent)

    result = images.run(
        "build", None, given, lambda process: threading.Thread(target=cancel, args=(process,)).start()
    )
    took = time.monotonic() - ended[0]
    assert result.error == "The job was canceled. Run it again if that was not meant."
    assert "### ❌" in result.summary
    left = running_with(images.github.server_url) + running_with(images.registry.host)
    return result.log, took, left


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("builder", ["docker", "repo2docker"])
def test_while_building(
    images: ImageRepository, small_base_image: str, sent: signal.Signals, builder: str
) -> None:
    nap = f"sleep 66.{os.getpid()}"
    images.commit({"Dockerfile": f"FROM {small_base_image}\nRUN {nap}\n"})
    _, took, left = cancelled(images, sent, lambda: running_with(nap), builder=builder)
    assert took < 10
    assert left == []


def test_while_testing(images: ImageRepository, jupyter_base_image: str) -> None:
    images.commit({"Dockerfile": f"FROM {jupyter_base_image}\n", "image-tests/test_slow.py": SLEEPS})
    _, took, left = cancelled(images, signal.SIGINT, images.containers)
    assert took < 10
    assert left == []
    assert images.containers() == []


def test_while_the_registry_says_nothing(images: ImageRepository, small_base_image: str) -> None:
    images.commit({"Dockerfile": f"FROM {small_base_image}\n"})
    with FaultProxy(images.registry.url) as proxy:
        proxy.fail(Silence(60), method="HEAD", path=r"/manifests/", times=9)
        proxy.fail(Silence(60), method="POST", path=r"/blobs/uploads/", times=9)
        _, took, left = cancelled(
            images,
            signal.SIGTERM,
            lambda: proxy.seen("POST", "/blobs/uploads/"),
            registry=proxy.host,
            push="true",
        )
    assert took < 10
    assert left == []
    assert images.registry.tags(IMAGE).count(images.head[:12]) == 0


def test_while_pushing(images: ImageRepository, small_base_image: str) -> None:
    images.commit({"Dockerfile": f"FROM {small_base_image}\n"})
    with FaultProxy(images.registry.url) as proxy:
        proxy.fail(Silence(60), method="PUT", path=r"/manifests/", times=9)
        _, took, left = cancelled(
            images, signal.SIGINT, lambda: proxy.seen("PUT", "/manifests/"), registry=proxy.host, push="true"
        )
    assert took < 10
    assert left == []
