"""The subcommands of ``isthmus``, one module for each group; ``isthmus.cli`` puts them together."""
