"""Ways to run Fengge: on one machine without containers, in containers, on a cluster."""
