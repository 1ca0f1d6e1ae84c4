"""Reading lead lists of any origin: pure functions over files and values, without models or services."""
