"""Files: configs, checkpoints, videos and pictures are read and written here, and nowhere above."""
