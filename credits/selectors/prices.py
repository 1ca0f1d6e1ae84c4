"""What the price page shows beside the price table."""

from credits.pricing import PriceChange, PriceTable, typical_prices


def typical_jobs(table: PriceTable) -> tuple[PriceChange, ...]:
    """Return what typical jobs cost at the weights of this table, and after the raises that it announces, in credits.

    Nothing is prepaid, and everything is a hit: it is the most that the jobs can cost.
    """
    rows = {row.operation.credit_type: row for row in table.rows}
    return tuple(
        job
        for credit_type, row in rows.items()
        for job in typical_prices(credit_type, row.weight, row.next_weight if row.next_weight else row.weight)
    )
