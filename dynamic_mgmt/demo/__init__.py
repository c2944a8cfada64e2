"""Demonstration data of the register; called by the demonstration of nominations. Fictional throughout."""
