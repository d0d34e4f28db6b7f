"""What goes into an exported folder beside the model: some files as they are, some with names filled in."""
