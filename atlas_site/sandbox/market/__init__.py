"""The synthetic market: real US places, invented people, and one property per (seed, number).

``places`` and ``people`` hold what is drawn from, ``facts`` decides everything about one property, ``record`` writes
the facts as the vendor's full record, and ``catalog`` keeps the columns that searches filter by in a SQLite file.
"""
