"""Pages of lists and of imports."""
