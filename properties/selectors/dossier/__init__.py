"""Each unlocked dataset of a property, arranged as people read it; every value comes from what may be shown."""
