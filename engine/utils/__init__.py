"""What training needs beside models: data in batches, files, and a check of gradients."""

from engine.utils import data
from engine.utils.gradcheck import gradcheck
from engine.utils.serialization import load, save

__all__ = ["data", "gradcheck", "load", "save"]
