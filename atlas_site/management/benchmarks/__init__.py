"""What ``manage.py bench`` measures: the hot reads of Atlas against plain PyMongo and against the stock backend.

``data`` makes the documents, ``databases`` puts them into a database for each engine, ``cases`` says what is read, and
``timing`` measures it in turns.
"""
