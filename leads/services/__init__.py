"""Everything that changes lists, contacts and imports."""
