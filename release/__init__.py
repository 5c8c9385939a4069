"""A release of this repository: its version, its text, its tags, and what must hold before it is made."""
