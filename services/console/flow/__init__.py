"""*Flow*: what happens over time, how long it takes from one service to the next, and where it gathers."""
