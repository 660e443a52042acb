"""Dispatch decides who does it: grid tree, assignees, contracts, rota, catalogue, offers and returns."""
