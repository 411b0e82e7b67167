"""The specification. Start with test_journey.py."""
