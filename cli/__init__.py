"""The one command `fengge`: look at tickets, mend what is parked, import, publish, play the demo."""
