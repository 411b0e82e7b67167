"""Telling people: rows go into the outbox with the change, deliveries come out of it."""
