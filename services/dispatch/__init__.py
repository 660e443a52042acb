"""Who does it: grid tree, assignees, contracts, rota, offers, returns."""
