"""Makers of valid blocks and of attacks, for tests and benchmarks: everything here says in its names that it is made.

They need ``cryptography`` (the extra ``sign``) where they sign.
"""
