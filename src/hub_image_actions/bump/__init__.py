"""Moves of tags: the branch, the pull request, the report."""
