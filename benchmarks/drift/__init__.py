"""Drift: how long a verdict takes, and how often it is right, beside Evidently and NannyML."""
