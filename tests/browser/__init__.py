"""In a real browser, on host pages of another origin."""
