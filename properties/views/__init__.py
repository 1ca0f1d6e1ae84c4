"""Pages of search, properties, jobs and saved searches: access rule, form, one service call, answer."""
