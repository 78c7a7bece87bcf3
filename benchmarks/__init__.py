"""Speed, measured: the engine beside PyTorch, in one run."""
