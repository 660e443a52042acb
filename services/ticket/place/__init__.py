"""From what a request says of its place to a grid cell."""
