"""A token server for a registry with Bearer authentication (Distribution: token authentication)."""

import base64
import datetime
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from testbed.loopback import LoopbackServer, QuietHandler

ISSUER = "testbed-tokens"
SERVICE = "testbed-registry"
LIFETIME = 300

# What an authority's certificate is for; the registry's tokens are signed with one, too.
_MAY_SIGN = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True)
class Account:
    """Somebody who may log in.

    Attributes:
        password: the account's password.
        actions: what the account may do in its repositories.
        repositories: patterns of the repositories' names.
    """

    password: str = field(repr=False)
    actions: frozenset[str] = frozenset({"pull", "push", "delete"})
    repositories: tuple[str, ...] = ("*",)


@dataclass(frozen=True)
class TokenRequest:
    """A request for a token: who asked for what, and the answer's status; no name means anonymous."""

    method: str
    name: str
    scopes: tuple[str, ...]
    status: int


@dataclass(frozen=True)
class SigningKey:
    """An RSA key and a certificate for it, signed with itself."""

    key: rsa.RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate

    @classmethod
    def made(cls, days: int = 1) -> "SigningKey":
        """Return a new key, whose certificate holds for some days."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ISSUER)])
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - day).not_valid_after(now + days * day)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_MAY_SIGN, critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        return cls(key, builder.sign(key, hashes.SHA256()))

    def write_certificate(self, path: Path) -> None:
        """Write the certificate where the registry's `rootcertbundle` finds it."""
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def keep(self, folder: Path) -> None:
        """Write the key and its certificate into a folder, from which `kept` reads them."""
        self.write_certificate(folder / "authority.pem")
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / "authority.key").touch(0o600)
        (folder / "authority.key").write_bytes(self.key.private_bytes(*form))

    @classmethod
    def kept(cls, folder: Path) -> "SigningKey":
        """Return the key that was kept in a folder."""
        key = serialization.load_pem_private_key((folder / "authority.key").read_bytes(), None)
        certificate = x509.load_pem_x509_certificate((folder / "authority.pem").read_bytes())
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{folder}: not the kind of key that was kept")
        return cls(key, certificate)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the claims as a signed token, its certificate in the header (RFC 7515, 4.1.6)."""
        chain = base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()
        return jwt.encode(dict(claims), self.key, algorithm="RS256", headers={"x5c": [chain]})


class _Handler(QuietHandler):
    owner: ClassVar["TokenServer"]

    def do_GET(self) -> None:  # noqa: N802 - http.server wants this name
        query = parse_qs(urlsplit(self.path).query)
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        name, _, password = "", "", ""
        if scheme.lower() == "basic":
            name, _, password = base64.b64decode(encoded).decode().partition(":")
        self._reply(name, password, query.get("scope", []))

    def do_POST(self) -> None:  # noqa: N802 - http.server wants this name
        # Docker asks this way first when it has a password (OAuth 2.0, RFC 6749, section 4.3).
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        self._reply(form.get("username", [""])[0], form.get("password", [""])[0], form.get("scope", []))

    def _reply(self, name: str, password: str, scopes: list[str]) -> None:
        wanted = tuple(word for scope in scopes for word in scope.split())
        token = self.owner.token(name, password, wanted)
        status = 200 if token else 401
        self.owner.requests.append(TokenRequest(self.command, name, wanted, status))
        if token:
            said: dict[str, Any] = {"token": token, "access_token": token, "expires_in": LIFETIME}
        else:
            said = {"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]}
        self.answer(status, json.dumps(said).encode(), {"Content-Type": "application/json"})


class TokenServer(LoopbackServer):
    """Signs tokens for accounts, and anonymous pull tokens for public repositories."""

    handler = _Handler

    def __init__(self, accounts: Mapping[str, Account], public: tuple[str, ...] = (), port: int = 0) -> None:
        """Describe who may do what.

        Args:
            accounts: the accounts by name.
            public: patterns of the repositories that everybody may pull from.
            port: the port; a free one by default.
        """
        super().__init__(port)
        self.accounts = dict(accounts)
        self.public = public
        self.key = SigningKey.made()
        self.requests: list[TokenRequest] = []

    def token(self, name: str, password: str, scopes: tuple[str, ...]) -> str | None:
        """Return a token for what is allowed of the scopes, or None for a wrong name or password."""
        account = self.accounts.get(name)
        if name and (account is None or account.password != password):
            return None
        access = [self._granted(account, scope) for scope in scopes]
        return self.signed(name, [granted for granted in access if granted["actions"]])

    def signed(self, name: str, access: list[dict[str, Any]]) -> str:
        """Return a token for exactly the given access, whoever asks."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": SERVICE, "sub": name, "jti": uuid.uuid4().hex, "access": access}
        return self.key.sign({**claims, "iat": now, "nbf": now - 10, "exp": now + LIFETIME})

    def _granted(self, account: Account | None, scope: str) -> dict[str, Any]:
        # A scope is `repository:NAME:ACTIONS`, and the name may hold a colon of its own (a host's port).
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        allowed: frozenset[str] = frozenset()
        if account and any(fnmatchcase(name, pattern) for pattern in account.repositories):
            allowed = account.actions
        if any(fnmatchcase(name, pattern) for pattern in self.public):
            allowed |= {"pull"}
        return {"type": kind, "name": name, "actions": sorted(allowed & set(actions.split(",")))}
