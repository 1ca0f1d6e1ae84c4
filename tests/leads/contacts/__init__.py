"""The contacts of lists: their table, their pages, and what is done with many of them."""
