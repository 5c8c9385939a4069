"""Workflow files and templates: what is read in them, and how they are edited."""
