"""A registry of images: requests, logins, refusals."""
