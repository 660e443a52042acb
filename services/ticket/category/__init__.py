"""From the words of a request to its category, by a trained model that says how sure it is."""
