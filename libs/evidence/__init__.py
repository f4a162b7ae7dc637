"""Evidence between the service that saw something and the one that judges: its bytes, its seal, its shelf."""
