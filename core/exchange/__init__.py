"""Reading and writing datasets in other tools' forms."""
