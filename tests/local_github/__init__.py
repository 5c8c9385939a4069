"""A GitHub on loopback for tests and the demo: REST API, git over HTTP, pages."""

from .calls import Call, Problem
from .faults import Fault
from .issues import Issue
from .pulls import Comment, Pull
from .releases import Release
from .repository import Commit, Repository
from .runs import Check, CommitStatus, Dispatch, Run
from .server import LocalGitHub
from .shared import Shared

__all__ = [
    "Call",
    "Check",
    "Comment",
    "Commit",
    "CommitStatus",
    "Dispatch",
    "Fault",
    "Issue",
    "LocalGitHub",
    "Problem",
    "Pull",
    "Release",
    "Repository",
    "Run",
    "Shared",
]
