"""What single values of a lead list mean: addresses, names, phone numbers, e-mail addresses and places."""
