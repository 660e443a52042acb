"""The page *Ticket*: the one ticket somebody asks about, its whole life across all services."""
