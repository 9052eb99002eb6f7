"""Writes model folders for the renderer from diffusers checkpoints.

A folder is diffusers' layout with one ONNX graph for each network, as optimum writes it, and two things more:
the UNet takes the residuals of control networks as inputs, and beside each graph lies weights.json, which maps
the checkpoint's names of weights to the graph's initialisers, so that LoRA finds them.

Run it as `python -m trainer.export CHECKPOINT OUT`.
"""
