"""Evidence: what a room's owner still knows of the last minutes, and how two of them are sealed when somebody asks."""
