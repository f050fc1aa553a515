"""The FlowNet2 networks (Ilg et al. 2016, arXiv:1612.01925), NVIDIA's way.

Layers, their names and every constant are those of NVIDIA's flownet2-pytorch,
so that its checkpoints fit and mean the same; the registered estimators are in
:mod:`mmrobust.flow.estimators.flownet2`.

A network maps ``x`` (M, 6, H, W), the normalised channels of both frames
(:mod:`~mmrobust.flow.flownet2.preprocessing`), to a list of flow fields in
pixels of the frames, finest first.
"""
