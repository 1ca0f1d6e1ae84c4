"""Files of lists for tests, and what is read from them."""

from pathlib import Path

from leads.imports.tables import Table, open_table

SAMPLES = Path(__file__).parents[2] / "data" / "imports"

HEADER = "Owner,Address,City,State,Zip,Phone"
LEAD = "Wendell Ravenscroft,12 Alder Ter,Columbus,OH,43211,614-555-0105"
OTHER = "Priya Tremaine,8325 N Ridgeway Dr,Buffalo,NY,14215,716-555-0117"


def table_of(folder: Path, content: str | bytes, name: str = "list.csv") -> Table:
    """Write a file and open it as a table."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_table(path, name=name)


def cells_of(table: Table) -> list[list[str]]:
    """The cells of all rows, of which none may have a problem."""
    rows = list(table.rows())
    assert [row.problem for row in rows] == [None] * len(rows)
    return [row.cells for row in rows]
