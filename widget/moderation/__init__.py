"""What happens to a comment: what the site wants (policy), and the only way there (moves)."""
