"""A package, so that a widget's journey and its headless test may have one file name."""
