"""A vendor sandbox: the HTTP of Atlas's vendors, spoken on loopback by one small process.

Nobody needs vendor accounts to run, try or test Atlas. The sandbox has a synthetic market (real places, invented
people), bills like the vendor and fails on request. It is a plain WSGI application without Django, and nothing that
is shipped imports it. Start it with ``python -m atlas_site.sandbox --help``.
"""
