"""The written acceptance tables of the schemes, row by row."""
