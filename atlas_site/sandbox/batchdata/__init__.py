"""BatchData's side of the wire, as its API reference describes it: search, lookup, address, wallet.

``fields`` lists what can be filtered, ``filters`` turns criteria into conditions, ``search`` and ``lookup`` answer,
``datasets`` cuts a record to what was asked for and knows the prices, ``account`` keeps the bill.
"""
