"""All that images of the template are made of, and engines whose containers find it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed.base_image import AUTHORITIES
from testbed.certificates import Authority
from testbed.conda_base_image import CondaBaseImage, conda_base_image
from testbed.conda_channel import CondaChannel, conda_channel
from testbed.conda_sites import Folder, MicromambaDownload, OtherLanguages, SimpleIndex, UnlistedPackages
from testbed.connect_proxy import ConnectProxy
from testbed.engine import Engine, Store
from testbed.fault_proxy import FaultProxy
from testbed.internet import Internet
from testbed.registry import Registry

# Where clients ask for images of Docker Hub: https://docs.docker.com/docker-hub/
DOCKER_HUB = "registry-1.docker.io"
TEMPLATE = Path(__file__).resolve().parents[2] / "template"


@dataclass(frozen=True)
class CondaWorld:
    """All that images of the template are made of, in the cache.

    Attributes:
        base: what repo2docker builds on, and Debian's packages.
        channel: conda's packages.
    """

    base: CondaBaseImage
    channel: CondaChannel

    def internet(self, folder: Path) -> Internet:
        """Return an internet that has it.

        Args:
            folder: for the certificates of its hosts.
        """
        folder.mkdir(parents=True, exist_ok=True)
        sites = (
            MicromambaDownload(),
            Folder("/conda-forge/", self.channel.packages),
            UnlistedPackages(self.channel.unlisted),
            SimpleIndex(self.channel.wheels),
            Folder("/packages/", self.channel.wheels),
            Folder("/debian/", self.base.archive),
            OtherLanguages(),
        )
        return Internet(Authority(folder, self.base.signing), sites)

    @contextmanager
    def machine(self, folder: Path, *, store: Store = "overlay2") -> Iterator["CondaMachine"]:
        """Yield a machine that finds it: its engine, the engine's containers, and jobs.

        Args:
            folder: for the engine and what goes with it; its path must be short.
            store: where the engine keeps images.
        """
        with ExitStack() as stack:
            hub = stack.enter_context(Registry(folder / "hub"))
            self.base.push(hub)
            internet = self.internet(folder / "hosts")
            front = FaultProxy(hub.url)
            front.encrypt(internet.authority.server_context(DOCKER_HUB))
            leads_to = {f"{DOCKER_HUB}:443": stack.enter_context(front).host}
            trusted = folder / "trusted.pem"
            trusted.write_bytes(AUTHORITIES.read_bytes() + internet.authority.file.read_bytes())
            engine = Engine(folder / "engine", store=store, internet=internet, mirror=hub.host)
            stack.enter_context(engine)
            proxy = stack.enter_context(ConnectProxy(leads_to))
            closed = stack.enter_context(ConnectProxy(leads_to, f"{engine.gateway}:443"))
            yield CondaMachine(engine, internet, proxy.url, closed.url, trusted)


@dataclass(frozen=True)
class CondaMachine:
    """A machine for images of the template.

    Attributes:
        engine: its engine, to whose containers the small internet is the world.
        internet: that internet: what was asked for, and what is to go wrong.
        proxy: the address of a proxy to whose clients Docker Hub is the engine's.
        closed_proxy: the address of a proxy to whose clients the small internet is all the rest of the world.
        trusted: the certificates of all whom a job is to trust.
    """

    engine: Engine
    internet: Internet
    proxy: str
    closed_proxy: str
    trusted: Path

    @property
    def variables(self) -> dict[str, str]:
        """What a job has in its environment, so that it finds the base image where the engine does."""
        return self._variables(self.proxy)

    @property
    def closed_variables(self) -> dict[str, str]:
        """The same for a job that finds the small internet, too; repo2docker is to be installed already."""
        return self._variables(self.closed_proxy)

    def _variables(self, proxy: str) -> dict[str, str]:
        own = "127.0.0.1,localhost"
        # The machine itself may have either, and requests takes the second.
        trusted = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(self.trusted))
        return {"HTTPS_PROXY": proxy, "NO_PROXY": own, **trusted}


def conda_world() -> CondaWorld:
    """Return what images of the template are made of, made unless it is in the cache.

    Raises:
        ProgramError: this is not root, or something cannot be fetched.
    """
    apt, environment = TEMPLATE / "apt.txt", TEMPLATE / "environment.yml"
    with ThreadPoolExecutor(2) as pool:
        base = pool.submit(conda_base_image, apt.read_text(encoding="utf-8"))
        channel = pool.submit(conda_channel, environment.read_text(encoding="utf-8"))
        return CondaWorld(base.result(), channel.result())
