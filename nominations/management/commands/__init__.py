"""Commands of nominations."""
