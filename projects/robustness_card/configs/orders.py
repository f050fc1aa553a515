# Orders of frames: a video turned round, runs that are mixed, frames that stand still.
corruptions = [
    dict(type='Reversal', sampled=False),
    dict(type='Jumble'),
    dict(type='BoxJumble'),
    dict(type='Freeze'),
]
