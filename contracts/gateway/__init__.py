"""What outside systems ask and are told over HTTP; the gateway publishes no facts of its own."""
