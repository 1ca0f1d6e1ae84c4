"""How much a file of leads may hold. What is more is refused in words that say what to do."""

MEGABYTE = 1_000_000

CSV_BYTES = 500 * MEGABYTE
CSV_ROWS = 1_000_000

WORKBOOK_BYTES = 50 * MEGABYTE
WORKBOOK_ROWS = 200_000

COLUMNS = 500
CELL_CHARACTERS = 32_767
"""What a cell of a spreadsheet can hold."""

LINE_CHARACTERS = 1_000_000
RECORD_LINES = 300
"""Lines of one record with line breaks in quoted cells; what is longer has an opening quotation mark too many."""

OPEN_QUOTES = 1_000
"""Rows of one file whose quotation marks do not match, before the whole file is refused."""

SAMPLE_ROWS = 500
"""Rows from which the columns of a table are guessed."""
