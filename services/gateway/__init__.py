"""Who is told what, through which channel, and whether it got there."""
