"""The doctor: what would break, and what to do about it."""
