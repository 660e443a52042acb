"""Training of the model that suggests categories; outside the services, with libraries they do not have."""
