"""GitHub: requests, repositories, proposals, settings, comments."""
