"""Trains what Presswerk adds to a model: LoRA, DreamBooth, textual inversion and ControlNet.

A job is a JSON file; "presswerk train" writes it, runs `python -m trainer.train JOB.json` and reads JSON lines from it.
"""
