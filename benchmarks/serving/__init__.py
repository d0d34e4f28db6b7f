"""How fast and how steady is the prediction service, beside others?"""
