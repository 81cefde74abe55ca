"""What stands between a row and its floor, as profiles show it: told beside the row as long as it is below."""

READING = "About half of it is reading: the file out of the page cache, the index of its structure, numbers; then the groups and the rows of the view."
TWICE = "Wide rows go to disk twice: as rows of the view and as state that recovery needs."
NEW = "Most rows make a group: an entry and an index that doubles, in memory that is touched for the first time."
JOIN = "Candidates are looked up by key and judged, and pairs gathered column by column."
TEXT_KEYS = "Text keys are hashed, compared and sorted as bytes: there are no dictionary codes yet."
PARTITIONS = "Every row looks up a key of two columns; a third of them begin a partition, in memory that is touched for the first time."
SETS = "A set of distinct values per group, in memory that is touched for the first time."
CLOCK = "By the clock: wants a quiet machine."

BETWEEN = {
    "file-q12b": READING, "file-q17": READING, "file-q7": READING, "file-q7-csv": READING, "pipe-q7": READING,
    "file-q18": TWICE, "file-q19": TWICE, "file-q20": TWICE,
    "q18": PARTITIONS, "q19": NEW, "q20": JOIN, "q23": JOIN, "q9": JOIN,
    "keys-1m": NEW, "keys-10m": NEW, "q12c": TEXT_KEYS, "q15": SETS, "q16": SETS,
    "q4": JOIN, "interval": JOIN,
    "q5": "As written it is a join of counts with their maximum, and is carried out as one.",
    "q8": "Tables of keys are made, grown and given back window by window.",
    "ratio-3600": "The stream is shorter than a window: no pane serves again, and at its end all windows close, with twice the rows.",
    "outside": "Ten thousand groups lie in the caches, a million do not.",
}
