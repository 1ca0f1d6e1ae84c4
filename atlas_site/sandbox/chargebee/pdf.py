"""Invoices of the sandbox Chargebee as PDF: one page of plain lines, written without a library."""

from datetime import UTC, datetime
from typing import Any

TOP, LEFT, LINE_HEIGHT, MAX_LINES = 724, 56, 18, 38


def format_money(cents: int, currency: str = "USD") -> str:
    """Return an amount as people read it, such as ``$1,234.50``; other currencies by their code."""
    sign, amount = "-" if cents < 0 else "", f"{abs(cents) / 100:,.2f}"
    return f"{sign}${amount}" if currency == "USD" else f"{sign}{amount} {currency}"


def format_day(moment: int | None) -> str:
    """Return the UTC day of a unix time, such as ``2026-11-22``; a dash where there is none."""
    return "-" if moment is None else datetime.fromtimestamp(moment, UTC).date().isoformat()


def download_path(invoice: dict[str, Any]) -> str:
    """Return the path under which anybody gets the PDF of an invoice."""
    return f"/pages/v4/invoices/{invoice['id']}.pdf"


def make_invoice_pdf(invoice: dict[str, Any], email: str) -> bytes:
    """Return the PDF of an invoice as the API shows it."""
    currency = invoice.get("currency_code", "USD")
    lines = [
        f"Invoice {invoice['id']}", "",
        f"Customer: {email}", f"Date: {format_day(invoice.get('date'))}",
        f"Status: {str(invoice.get('status')).replace('_', ' ')}", "",
    ]  # fmt: skip
    for item in invoice.get("line_items", []):
        lines.append(
            f"{item.get('quantity', 1)} x {item.get('description') or item.get('entity_id')}: "
            f"{format_money(item.get('amount', 0), currency)}"
        )
        if item.get("date_from") != item.get("date_to"):
            lines.append(f"    {format_day(item.get('date_from'))} to {format_day(item.get('date_to'))}")
    lines += [
        "", f"Total: {format_money(invoice.get('total', 0), currency)}",
        f"Paid: {format_money(invoice.get('amount_paid', 0), currency)}",
        f"Due: {format_money(invoice.get('amount_due', 0), currency)}", "",
        "This is a sandbox invoice: no money was moved.",
    ]  # fmt: skip
    return make_pdf(lines)


def make_pdf(lines: list[str]) -> bytes:
    """Return a PDF of one US-letter page with these lines; characters beyond Latin-1 become question marks."""
    shown = "\n".join(f"({_escape(line)}) Tj T*" for line in lines[:MAX_LINES])
    text = f"BT /F1 12 Tf {LEFT} {TOP} Td {LINE_HEIGHT} TL\n{shown}\nET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R "
        b"/Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(out))
    )


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
