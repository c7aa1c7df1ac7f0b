"""Loaders of public vector files (one module per scheme or structure) and the tests that run them."""
