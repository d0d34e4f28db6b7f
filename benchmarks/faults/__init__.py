"""Does the prediction service keep its promises when things go wrong?"""
