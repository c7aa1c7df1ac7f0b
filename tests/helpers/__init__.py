"""Helpers that several test folders share; no tests here."""
