"""Voice: one port, three adapters. `mesh`: browsers among themselves; `livekit`: a media server; `none`: silence."""
