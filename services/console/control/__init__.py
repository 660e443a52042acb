"""What operators do to the house itself: pause, drain, send again, repair; with a reason, and a way back."""
