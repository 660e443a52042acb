"""How well it went: both questions to the requester, the rating window, and the rates over all tickets."""
