"""What training needs beside models: data in batches, files, a table of layers, gradients checked."""

from engine.utils import data
from engine.utils.gradcheck import gradcheck
from engine.utils.serialization import load, save
from engine.utils.summary import summary

__all__ = ["data", "gradcheck", "load", "save", "summary"]
