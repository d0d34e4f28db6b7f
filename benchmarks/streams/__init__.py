"""Does monitoring notice that a model has become worse, and only then? Real streams in the order of their time."""
