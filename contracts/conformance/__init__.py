"""Tells a system of another office what its messages do wrong, before anybody else has to."""
