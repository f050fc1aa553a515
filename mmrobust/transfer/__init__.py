"""Clips crafted on one recogniser, shown to others: who fools whom, at which budget."""
