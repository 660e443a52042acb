"""Measures Fengge against the machine it runs on: one command, one table (`make bench`)."""
