"""Does any real table get all the way round? Real files nobody here wrote, from their bytes to a drift report."""
