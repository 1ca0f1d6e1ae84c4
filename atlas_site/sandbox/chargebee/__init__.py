"""The sandbox Chargebee: its API, its hosted pages and portal, its webhooks, and the books behind them."""
