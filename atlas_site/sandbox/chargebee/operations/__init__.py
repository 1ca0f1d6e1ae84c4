"""The operations of Chargebee's API: one function for each call, from its parameters to the content of its answer."""
