"""Contacts as files by purpose: a dialer, the mail, another CRM. Pure: rows from people, without Django or a database.

`people` is the shape of a contact, `tally` counts what goes out and what is left out and why, `dialers`, `mail` and
`crm` make the rows, the heading first.
"""
