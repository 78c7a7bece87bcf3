"""What training needs beside models: data in batches, and a check of gradients."""

from engine.utils import data
from engine.utils.gradcheck import gradcheck

__all__ = ["data", "gradcheck"]
