"""Names of the files of a run in three dimensions; without what writes them, so that the command line starts fast."""

FOLDER, SERIES, CONTACTS, VIEW = "volume", "volume.pvd", "contacts.pvd", "view.py"
FILES = (SERIES, CONTACTS, VIEW, f"{FOLDER}/*_[0-9]*.vtu", f"{FOLDER}/*_[0-9]*.vtp")
"""Patterns of what is written into the folder of a run."""
