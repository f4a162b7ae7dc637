"""SQL to rows."""
