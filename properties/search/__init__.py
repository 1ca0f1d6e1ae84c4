"""What a search is: its signals, its filters, and the query that page, URL, vendor and saved search share."""
