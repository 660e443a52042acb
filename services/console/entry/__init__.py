"""How operators come in and leave."""
