"""Studies: several victims, arms, budgets and seeds as one list of jobs, and what is claimed."""
