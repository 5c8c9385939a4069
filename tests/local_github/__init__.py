"""A GitHub on loopback for tests and the demo: REST API, git over HTTP, pages."""

from .calls import Call, Problem
from .faults import Fault
from .pulls import Comment, Pull
from .repository import Commit, Repository
from .server import LocalGitHub

__all__ = ["Call", "Comment", "Commit", "Fault", "LocalGitHub", "Problem", "Pull", "Repository"]
