"""Still figures, one file for each notebook (`nb01`, `nb02`, ...)."""
