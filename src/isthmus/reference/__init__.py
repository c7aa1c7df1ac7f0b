"""Slow, readable oracles: one file per primitive and per chain rule, written from the standards.

Nothing here imports the native core or any other part of isthmus, so an oracle cannot share a mistake with the code
that it checks. Everything works on `bytes` and `int`; nothing is constant time; nothing is fast. The tests compare the
native core with these files, and a reader can learn a rule from them.
"""
