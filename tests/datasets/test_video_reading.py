"""A test pipeline made to read video files."""

import pytest

from mmrobust.datasets.reading import reading_files

SAMPLE, SHAPE = {'type': 'SampleFrames'}, {'type': 'FormatShape', 'input_format': 'NCTHW'}
DECORD = [{'type': 'DecordInit'}, SAMPLE, {'type': 'DecordDecode'}, SHAPE]


def kinds(pipeline):
    return [step['type'] for step in reading_files(pipeline)]


@pytest.mark.parametrize('reader', ['Decord', 'OpenCV', 'PyAV'])
def test_reading_keeps_what_reads_videos(reader):
    steps = [{'type': f'{reader}Init'}, SAMPLE, {'type': f'mmaction.{reader}Decode'}, SHAPE]
    assert reading_files(steps) == steps


@pytest.mark.parametrize(
    'steps',
    [
        [SAMPLE, {'type': 'RawFrameDecode'}, SHAPE],
        [SAMPLE, {'type': 'mmrobust.SyntheticDecode'}, SHAPE],
        [{'type': 'PIMSInit'}, SAMPLE, {'type': 'PIMSDecode'}, SHAPE],
    ],
)
def test_reading_puts_decord_in_the_place_of_another_source(steps):
    assert reading_files(steps) == DECORD


@pytest.mark.parametrize(
    ('steps', 'message'),
    [
        ([SAMPLE, {'type': 'PoseDecode'}], 'got PoseDecode, which takes skeletons'),
        ([{'type': 'GenSkeFeat'}, {'type': 'FormatGCNInput'}], 'GenSkeFeat, which takes skeletons'),
        ([{'type': 'LoadAudioFeature'}], 'takes audio'),
        ([SAMPLE, SHAPE], 'pipeline must decode videos, got SampleFrames, FormatShape'),
        (
            [SAMPLE, {'type': 'RawFrameDecode'}, {**SHAPE, 'input_format': 'NCHW_Flow'}],
            'stored optical flow',
        ),
    ],
)
def test_reading_refuses_what_takes_no_videos(steps, message):
    with pytest.raises(ValueError, match=message):
        kinds(steps)
