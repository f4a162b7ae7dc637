"""What happened, as rows."""
