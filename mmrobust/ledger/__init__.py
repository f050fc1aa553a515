"""What a run writes down, sample by sample, and how one goes on from it.

``ledger`` holds the lines, ``rows`` makes and checks them, ``provenance`` says what decides
them, and ``lock`` keeps others out.
"""
