"""Whether residents are waiting because of us, at this moment: what is seen, judged and told."""
