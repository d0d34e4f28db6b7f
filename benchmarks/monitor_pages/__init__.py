"""Monitor with ten million logged predictions: how long its pages take, how the log grows, what deleting costs."""
