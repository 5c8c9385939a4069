"""What the actions are told with: image references, deployments, GitHub, git, registries."""

__version__ = "1.0.0.dev0"
