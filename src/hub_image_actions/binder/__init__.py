"""Binder: what it launches, and the badge that does."""
