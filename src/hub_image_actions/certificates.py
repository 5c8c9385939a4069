"""Whom this machine trusts, told to every client: each reads a variable of its own, and only that.

Sources: https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification (pip reads the same),
https://docs.openssl.org/3.0/man3/SSL_CTX_load_verify_locations, https://git-scm.com/docs/git-config at
`http.sslCAInfo` and `http.sslCAPath`.
"""

from collections.abc import MutableMapping
from pathlib import Path

# Of two that differ, requests takes the first.
_FILES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_FOLDERS = "SSL_CERT_DIR"
# For git: a file, and a folder of files.
GIT_VARIABLES = ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH")

OWN_AUTHORITY = (
    "For a certificate authority of your own, set REQUESTS_CA_BUNDLE or SSL_CERT_FILE to a file that holds "
    "its certificate beside those of the public ones."
)


def share_certificates(environ: MutableMapping[str, str]) -> None:
    """Have requests, pip and git trust the certificates that the environment names for one of them.

    Args:
        environ: the environment of this process, which gets the variables that are missing.
    """
    # OpenSSL takes several folders, the others one.
    folders = environ.get(_FOLDERS, "").split(":")
    named = [environ.get(name, "") for name in _FILES] + [
        folder for folder in folders if Path(folder).is_dir()
    ]
    bundle = next(filter(None, named), "")
    if not bundle:
        return
    environ[_FILES[0]] = bundle
    if not any(environ.get(name) for name in GIT_VARIABLES):
        environ[GIT_VARIABLES[Path(bundle).is_dir()]] = bundle
