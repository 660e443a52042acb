"""The seal on the history: blocks that hang together by their hashes, and the proof that rows agree."""
