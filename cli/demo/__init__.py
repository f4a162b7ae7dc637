"""An evening at the bar: guests who sign in, walk about, talk and leave, and the proof that nothing of it was lost."""
