"""Why a file cannot be read."""


class FileRefused(Exception):
    """The file cannot be imported. The text is for the page: full sentences that say why and what to do about it."""
