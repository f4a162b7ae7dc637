"""The story, scene by scene. Each causes what only a story can, and checks what must be true of it."""
