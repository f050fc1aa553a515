"""What query attacks stand on: a victim that only answers, its budget, its batches."""
