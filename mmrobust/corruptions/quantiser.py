"""One quantiser for all of a video, in FFmpeg's own encoders."""

# Of MPEG-2 and MPEG-4; with a higher one, the stream would be no such video.
COARSEST = 31
# FFmpeg weighs errors against bits by so much for each step of the quantiser.
LAMBDA = 118


def fixed(quantiser: int) -> dict[str, str]:
    """What ``ffmpeg -q:v`` asks for, as options of the encoder; held at the coarsest there is.

    The same as the finest and the coarsest quantiser. Its weight as well, or the encoder would
    choose by a bit rate that nobody asked for.
    """
    step = min(quantiser, COARSEST)
    weight = str(LAMBDA * step)
    return {'qmin': str(step), 'qmax': str(step), 'lmin': weight, 'lmax': weight}
