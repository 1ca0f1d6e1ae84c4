"""Reading what dialers write of their calls: `wordings` understands dispositions, `columns` finds which column is what,
`calls` reads the rows. Pure: files and values, without Django or a database.
"""
