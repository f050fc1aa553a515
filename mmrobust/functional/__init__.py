"""Pure tensor maths: no registry, no mmengine, nothing that keeps state."""
