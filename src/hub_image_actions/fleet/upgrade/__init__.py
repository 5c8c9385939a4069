"""Upgrades of many repositories: goal, plan, waves, tracking."""
