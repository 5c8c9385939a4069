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
    """

    folder: Path
    _signing: SigningKey = field(default_factory=SigningKey.made, repr=False)

    def __post_init__(self) -> None:
        """Write its certificate."""
        self._signing.write_certificate(self.file)

    @property
    def file(self) -> Path:
        """The file with its certificate, which clients are to trust."""
        return self.folder / "authority.pem"

    def server_context(self, host: str = "127.0.0.1") -> ssl.SSLContext:
        """Return what a server answers in https with, under an address of IPv4."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self._signing.certificate.subject)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - day).not_valid_after(now + day)
        certificate = builder.add_extension(address, critical=False).sign(self._signing.key, hashes.SHA256())
        both = self.folder / f"{host}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption_algorithm=NoEncryption())
        both.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context
