"""MMAction2 recognisers that compute the optical flow they see."""
