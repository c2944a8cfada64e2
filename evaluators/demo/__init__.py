"""Fictional affiliates, sanctions and evaluations of the demonstration."""
