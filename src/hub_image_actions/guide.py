"""The addresses of our own pages, which comments, errors and commands lead to."""

_PAGES = "https://github.com/berkeley-dsep-infra/hub-image-actions/blob/v1"
SET_UP = f"{_PAGES}/docs/set-up.md"
REGISTRIES = f"{_PAGES}/docs/registries.md"
TROUBLESHOOTING = f"{_PAGES}/docs/troubleshooting.md"
TRY_IT = f"{_PAGES}/docs/try-it.md"
SECURITY = f"{_PAGES}/docs/security.md"
# What somebody does who changes an image, from the fork to the hub.
CHANGING = f"{_PAGES}/template/CONTRIBUTING.md"
