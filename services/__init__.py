"""The services of Fengge: each owns its tables and speaks to the others through events alone."""
