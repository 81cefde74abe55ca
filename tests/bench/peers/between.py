"""What stands between a row and its floor: told beside the row as long as it is below."""

BETWEEN = {
    "file-q7": "The join of bids with the maximum of their window keeps every bid of an open window, and the state log writes each of them.",
    "q7w": "As q7 from a file: all bids of an open window are kept until it closes.",
    "q7": "As written, each bid is kept until no maximum can meet it any more.",
    "file-q18": "Wide rows go twice to disk: as the row of the view and in the state of the ranking.",
    "file-q20": "Wide rows go twice to disk: as the row of the view and in the state of the join.",
    "q18": "The rows of a key are kept in order for what may be taken back, also where only the last one can ever be asked for.",
    "q20": "Text columns of both sides are copied into the state of the join.",
}
for load, same in (("pipe-q7", "file-q7"), ("file-q7-csv", "file-q7"), ("file-q19", "file-q18"), ("q19", "q18"), ("q23", "q20"), ("q9", "q18")):
    BETWEEN[load] = BETWEEN[same]
