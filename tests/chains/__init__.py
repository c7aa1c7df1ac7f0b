"""Real and made blocks of each chain, end to end."""
