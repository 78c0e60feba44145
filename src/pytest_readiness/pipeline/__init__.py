"""The whole path: where observing, keeping and judging meet, so that pytest and the command cannot disagree.

extensions, keys, trust           what plugins add, who signs, whose signature counts
place                             the folder, its config and tracker, its store
gathering                         what a judgement rests on, from the store and the journals
keeping, checkpoints              a sealed run goes from the journal into the store; the store's head, kept elsewhere
judging                           the path on one page: gather, evaluate, decide, tell
replay, carrying, syncing         the past; runs from elsewhere; the tracker's cells
opening, selection, session       a run is opened and closed; which tests it is about; a pytest session
outside, upkeep                   evidence without pytest; the store looked after
"""
