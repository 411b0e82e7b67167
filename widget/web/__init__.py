"""The HTTP edge: what readers ask for (embed), what moderators use (desk), and who may."""
