"""Scores by an evaluation table. Pure: the table and what a report states in; figures with their arithmetic out."""

from nominations.scoring.comparing import Pair, pairs
from nominations.scoring.reading import Report, Scored, scored
from nominations.scoring.types import Line, Score

__all__ = ["Line", "Pair", "Report", "Score", "Scored", "pairs", "scored"]
