# Bone length attack of skeletons: every bone by at most a tenth, and no ball round the track.
attack = dict(type='BoneLength', limit=0.1, steps=50)
