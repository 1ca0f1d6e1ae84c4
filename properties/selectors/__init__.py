"""Reads of the property pages: what a user owns, one property, one job, saved searches."""
