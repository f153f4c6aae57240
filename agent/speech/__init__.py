"""Text to telephone audio files: engines, cache, deadlines; no ARI word, SQL or call logic may enter."""
