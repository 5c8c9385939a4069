"""A certificate authority of one's own, and servers that answer in https with a certificate of it."""

import datetime
import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from testbed.token_server import SigningKey


@dataclass(frozen=True)
class Authority:
    """An authority that nobody knows but who is given its file.

    Args:
        folder: where its files are.
        signing: its key; a new one by default.
    """

    folder: Path
    signing: SigningKey = field(default_factory=SigningKey.made, repr=False)

    def __post_init__(self) -> None:
        """Write its certificate."""
        self.signing.write_certificate(self.file)

    @property
    def file(self) -> Path:
        """The file with its certificate, which clients are to trust."""
        return self.folder / "authority.pem"

    def server_context(self, host: str = "127.0.0.1") -> ssl.SSLContext:
        """Return what a server answers in https with, under a name or an address of IPv4."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self.signing.certificate.subject)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - day).not_valid_after(now + day)
        for extension in self._extensions(host, key.public_key()):
            builder = builder.add_extension(extension, critical=False)
        certificate = builder.sign(self.signing.key, hashes.SHA256())
        both = self.folder / f"{host}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption_algorithm=NoEncryption())
        both.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context

    def _extensions(self, host: str, key: rsa.RSAPublicKey) -> list[x509.ExtensionType]:
        # Python is strict about them since 3.13: https://docs.python.org/3/whatsnew/3.13.html#ssl
        return [
            x509.SubjectAlternativeName([_alternative(host)]),
            x509.BasicConstraints(ca=False, path_length=None),
            x509.SubjectKeyIdentifier.from_public_key(key),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.signing.key.public_key()),
        ]


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
