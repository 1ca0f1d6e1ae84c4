"""Everything that pages read of lists, contacts and imports."""
