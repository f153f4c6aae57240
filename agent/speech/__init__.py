"""Text to telephone audio: engines, cache, deadlines; no ARI word, SQL or call logic may enter."""
