"""What training needs beside models: batches, files, a table of layers, checks and tests."""

from engine.utils import data
from engine.utils.gradcheck import gradcheck
from engine.utils.lr_finder import LRFinder
from engine.utils.serialization import load, save
from engine.utils.summary import summary
