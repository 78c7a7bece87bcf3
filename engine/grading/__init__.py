"""Exercises: checks that answer at once in the notebook, and the same checks in grading."""

from engine.grading.answers import no_answer
from engine.grading.notebook import check, progress

__all__ = ["check", "no_answer", "progress"]
