"""Full Circle's core: the machine-learning life cycle in plain Python, without any user interface."""

import gc

# What is imported stays, some hundred thousand objects of it. Python would look through them for garbage at every 700
# new ones, which is a tenth of the time until a process of ours is there.
gc.set_threshold(50_000)
