"""The frame of the sandbox Chargebee's pages: one style, forms without JavaScript, everything escaped by its maker."""

from html import escape
from typing import Any
from urllib.parse import parse_qsl

from atlas_site.sandbox.web import Request, Response, html_response

TEST_CARDS = (
    ("4111 1111 1111 1111", "pays"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 0341", "pays now and is declined at the next renewal"),
    ("000123456789", "bank account: settles after three days, or when told"),
    ("000111111116", "bank account: settles like that and fails two days later"),
)
STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #566072; --paper: #fff; --ground: #f1f3f6; --line: #c9d0da;
  --accent: #1f5fae; --on-accent: #fff; --bad: #a3211f; --bad-ground: #fdeceb }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --quiet: #a9b4c4; --paper: #1a2029; --ground: #11151b;
  --line: #3b4553; --accent: #8ab8f5; --on-accent: #0c1420; --bad: #ffb4ae; --bad-ground: #3b1615 } }
* { box-sizing: border-box }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0; padding: 1rem }
main { max-width: 34rem; margin: 1rem auto; background: var(--paper); border: 1px solid var(--line);
  border-radius: .75rem; padding: 1.5rem }
main.wide { max-width: 60rem }
h1 { font-size: 1.375rem; line-height: 1.25; margin: 0 0 .25rem } h2 { font-size: 1.125rem; margin: 2rem 0 .5rem }
h3 { font-size: 1rem; margin: 1rem 0 .25rem }
a { color: var(--accent) } p { margin: .5rem 0 } code { font-size: .875em; overflow-wrap: anywhere }
.quiet { color: var(--quiet); font-size: .875rem } .number { text-align: right; white-space: nowrap }
.notice { border-left: .25rem solid var(--accent); padding: .5rem .75rem; margin: 1rem 0; background: var(--ground) }
.notice.bad { border-color: var(--bad); background: var(--bad-ground); color: var(--bad) }
.scroll { overflow-x: auto } .scroll table { width: max-content; min-width: 100% }
table { border-collapse: collapse; width: 100%; margin: .75rem 0 }
th, td { text-align: left; padding: .375rem .75rem .375rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top } th:last-child, td:last-child { padding-right: 0 }
label { display: block; font-weight: 600; margin: .75rem 0 .25rem }
input { font: inherit; color: inherit; background: var(--paper); width: 100%; padding: .5rem .625rem;
  border: 1px solid var(--quiet); border-radius: .375rem }
fieldset { border: 0; padding: 0; margin: 1rem 0 0 } legend { font-weight: 600; padding: 0 }
.choice { display: flex; gap: .5rem; align-items: center; font-weight: 400 } .choice input { width: auto }
.pair { display: flex; gap: 1rem; align-items: end } .pair > div { flex: 1 }
.buttons { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1.25rem } td .buttons { margin: 0 }
button { font: inherit; font-weight: 600; padding: .5rem 1rem; border-radius: .375rem; cursor: pointer;
  border: 1px solid var(--accent); background: none; color: var(--accent); text-decoration: none }
button.main { background: var(--accent); color: var(--on-accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
ul { padding-left: 1.25rem }
"""


def show(title: str, content: str, *, status: int = 200, wide: bool = False) -> Response:
    """Return a whole page; the title is escaped here, the content by its maker."""
    width = ' class="wide"' if wide else ""
    return html_response(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} – Sandbox Chargebee</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f'<body><main{width}><p class="quiet">Sandbox Chargebee: no money moves here.</p>'
        f"<h1>{escape(title)}</h1>{content}</main></body></html>",
        status,
    )


def redirect(address: str, **headers: str) -> Response:
    """Return an answer that sends the browser on."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(b"", 302, "text/plain", {"Location": address, "Cache-Control": "no-store", **named})


def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a posted form; the last one where a name repeats."""
    return {name: value.strip() for name, value in parse_qsl(request.body.decode("utf-8", "replace"))}


def alert(text: str) -> str:
    """Return a message that screen readers say at once."""
    return f'<p class="notice bad" role="alert">{escape(text)}</p>'


def notice(text: str) -> str:
    """Return a message that is said when it is reached."""
    return f'<p class="notice" role="status">{escape(text)}</p>'


def link(address: str, text: str) -> str:
    """Return a link; an address that is neither a path nor of the web gets none."""
    if not address.startswith(("/", "http://", "https://")):
        return escape(text)
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def button(text: str, *, action: str, style: str = "", **values: Any) -> str:
    """Return a form of one button that posts ``action`` and other values to the page it is on."""
    fields = "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(str(v))}">' for k, v in values.items())
    look = f' class="{escape(style)}"' if style else ""
    press = f'<button{look} name="action" value="{escape(action)}">{escape(text)}</button>'
    return f'<form method="post">{fields}{press}</form>'


def card_fields(source: dict[str, Any] | None = None) -> str:
    """Return the fields of a card, with the stored ``{"type", "last4"}`` to choose first, and the test numbers."""
    numbers = "".join(f"<li><code>{escape(number)}</code> {escape(what)}</li>" for number, what in TEST_CARDS)
    focus = "" if source else " autofocus"
    return (
        (_choice(source) if source else "") + '<label for="card">Card or account number</label>'
        f'<input id="card" name="card" inputmode="numeric" autocomplete="off" aria-describedby="numbers"{focus} '
        f'value="{TEST_CARDS[0][0]}"><div class="pair"><div><label for="expiry">Expires (MM/YY)</label>'
        '<input id="expiry" name="expiry" autocomplete="off" inputmode="numeric" value="12/34"></div>'
        '<div><label for="cvv">CVV</label>'
        '<input id="cvv" name="cvv" autocomplete="off" inputmode="numeric" value="123"></div></div>'
        f'<div id="numbers" class="quiet"><p>Test numbers:</p><ul>{numbers}</ul></div>'
    )


def _choice(source: dict[str, Any]) -> str:
    name = f"{'Card' if source['type'] == 'card' else 'Bank account'} ending in {source['last4']}"
    return (
        "<fieldset><legend>Pay with</legend>"
        '<label class="choice"><input type="radio" name="method" value="stored" checked autofocus> '
        f"{escape(name)}</label>"
        '<label class="choice"><input type="radio" name="method" value="new"> Another card or account</label>'
        "</fieldset>"
    )


def read_card(form: dict[str, str]) -> dict[str, Any] | None:
    """Return the posted card or bank account as ``customers.add_payment_source`` takes it, ``None`` for the stored."""
    if form.get("method") == "stored":
        return None
    number = "".join(character for character in form.get("card", "") if character not in " -")
    if number.startswith("000"):
        return {"account_number": number}
    month, _, year = form.get("expiry", "").partition("/")
    return {
        "number": number,
        "expiry_month": int(month) if month.isdigit() else None,
        "expiry_year": 2000 + int(year) if year.isdigit() else None,
    }


def table(caption: str, head: list[str], rows: list[list[str]], *, empty: str, level: int = 2) -> str:
    """Return a heading and a table whose cells are escaped by their maker, or a sentence where there is nothing."""
    title = f"<h{level}>{escape(caption)}</h{level}>"
    if not rows:
        return f"{title}<p>{escape(empty)}</p>"
    names = "".join(f'<th scope="col">{escape(name) or "Actions"}</th>' for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'{title}<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>"
    )
