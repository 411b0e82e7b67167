"""What readers get: pages of a thread, rendered as fragments, kept as ready bytes."""
