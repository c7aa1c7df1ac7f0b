"""Made inputs: valid ones of any shape, and each known attack, for tests, benchmarks and exercises.

Nothing here is real: names, organisations and keys are made up, and keys come from a seed that everybody can repeat.
Never trust a certificate, an anchor or a block that these modules make.
"""
