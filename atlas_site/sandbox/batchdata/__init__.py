"""BatchData's side of the wire, as its API reference describes it: search, lookup, skip trace, address, wallet.

``fields`` lists what can be filtered, ``filters`` turns criteria into conditions, ``search`` and ``lookup`` answer,
``skiptrace`` finds people, ``datasets`` cuts a record to what was asked for and knows the prices, ``account`` keeps the
bill.
"""
