"""Of the program `release`, one concept a module."""
