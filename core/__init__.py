"""Full Circle's core: the machine-learning life cycle in plain Python, without any user interface."""
