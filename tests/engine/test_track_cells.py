"""Corruption runs of skeletons: cells, saved tracks, resuming, what is refused."""

import json
import pickle
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.fileio import load
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmrobust.cli.corrupt import build_config, main, parser
from mmrobust.cli.verify import main as verify
from mmrobust.corruptions.tracks import (
    BlockDrop,
    Draws,
    JointDropout,
    JointNoise,
    Lag,
    Outliers,
    Track,
    TrackCorruption,
    UniformDrop,
)
from mmrobust.corruptions.tracks.change import lost, mean_ways, moved
from mmrobust.corruptions.tracks.equal_noise import equal_joint_noise
from mmrobust.registry import TRACK_CORRUPTIONS
from mmrobust.victims.samples import LAYOUT_KEY, RefusedError
from mmrobust.victims.skeleton.cells import SkeletonCells
from tests.conftest import CONFIGS
from tests.engine.runs import card, rows
from tests.victims.skeleton.toys import graph_pipeline, sample, transforms, written_victim

N = 4
KINDS = ('--corruptions', 'block_drop', 'joint_dropout', 'Outliers', '--severities', '2', '4')
CELLS = ['clean', 'block_drop/2', 'block_drop/4', 'joint_dropout/2', 'joint_dropout/4']
CELLS += ['outliers/2', 'outliers/4']
CONTROLS = ['outliers/2/noise', 'outliers/4/noise']


@dataclass(frozen=True)
class Stumbling(TrackCorruption):
    """Planted: severity 2 fails."""

    constants: ClassVar = (1, 2, 3)

    def apply(self, track, drawing, severity):
        if severity == 2:
            raise RuntimeError('no floor')
        return track.at(track.keypoint * severity)


@pytest.fixture(scope='module')
def victim(tmp_path_factory):
    return written_victim(tmp_path_factory.mktemp('tracks'), N)


@pytest.fixture(scope='module')
def corrupted(victim, tmp_path_factory):
    """A whole run that saved its tracks."""
    folder = tmp_path_factory.mktemp('corrupted')
    target = ['--work-dir', str(folder / 'work'), '--save', str(folder / 'saved')]
    assert main([*victim[:2], *KINDS, '--control', *target]) == 0
    return folder


def told(lines):
    """What must not depend on interruptions."""
    keys = ('index', 'name', 'unit', 'cells', 'evaluator', 'error', 'saved')
    return [{key: line[key] for key in keys} for line in lines]


# --- a run ----------------------------------------------------------------------------


def test_every_track_has_all_cells(corrupted):
    report, lines = card(corrupted / 'work'), rows(corrupted / 'work')
    assert len(lines) == N
    for line in lines:
        assert sorted(line['cells']) == sorted(CELLS + CONTROLS)
        cells = line['cells']
        assert cells['block_drop/2']['moved'] is None
        # A quarter of the frames is left, rounded up: 3 of 9 or of 10.
        frames = 9 + line['index'] % 2
        assert cells['block_drop/2']['lost'] > 0.5
        assert cells['block_drop/4']['lost'] >= 1 - 1 / (frames - 1)
        assert cells['joint_dropout/4']['moved'] == 0
        assert 0 < cells['joint_dropout/2']['lost'] < cells['joint_dropout/4']['lost']
        assert cells['outliers/4']['lost'] == 0
        assert 0 < cells['outliers/2']['moved'] < cells['outliers/4']['moved']
        for name in ('outliers/2', 'outliers/4'):
            # Half precision rounds the places of either.
            alike = cells[f'{name}/noise']['moved']
            assert alike == pytest.approx(cells[name]['moved'], rel=0.02)
    assert report['sample']['noun'] == 'track'
    assert report['kinds']['outliers']['control'] is not None
    assert report['kinds']['joint_dropout']['control'] is None
    assert report['mpc'] == pytest.approx(
        np.mean([line['cells'][cell]['correct'] for line in lines for cell in CELLS[1:]])
    )
    page = (corrupted / 'work' / 'report.html').read_text()
    assert '>moved<' in page
    assert '>dB<' not in page
    assert {path.stem for path in (corrupted / 'work' / 'strips').iterdir()} == {
        'block_drop', 'joint_dropout', 'outliers',
    }  # fmt: skip


@pytest.mark.parametrize('cell', CELLS[:3:2] + [CELLS[4], *CONTROLS[1:]])
def test_cells_are_what_a_stock_runner_says_of_the_saved_pickle(victim, corrupted, cell, tmp_path):
    cfg = Config.fromfile(victim[0])
    path = corrupted / 'saved' / cell.replace('/', '_') / 'tracks.pkl'
    cfg.test_dataloader.dataset.update(ann_file=str(path), split=None)
    cfg.work_dir, cfg.load_from, cfg.log_level = str(tmp_path), victim[1], 'WARNING'
    dump = tmp_path / 'dump.pkl'
    cfg.test_evaluator = [cfg.test_evaluator, {'type': 'DumpResults', 'out_file_path': str(dump)}]
    metrics = Runner.from_cfg(cfg).test()
    assert card(corrupted / 'work')['metrics'][cell]['acc/top1'] == metrics['acc/top1']
    for line, result in zip(rows(corrupted / 'work'), load(dump), strict=True):
        found = line['cells'][cell]
        assert int(result['pred_label']) == found['prediction']
        said = float(result['pred_score'][found['label']])
        assert said == pytest.approx(found['confidence'], abs=1e-5)


def test_saved_tracks_are_the_kinds_own_in_the_type_of_the_file(victim, corrupted):
    for kind, severity in ((BlockDrop(), 2), (JointDropout(), 4), (Outliers(), 4)):
        path = corrupted / 'saved' / f'{kind.name}_{severity}' / 'tracks.pkl'
        for index, (one, clean) in enumerate(
            zip(pickle.loads(path.read_bytes()), victim[2], strict=True)
        ):
            track = Track(clean['keypoint'], clean['keypoint_score'])
            found = kind(track, severity, Draws(0, kind.name, index))
            assert one['keypoint'].dtype == one['keypoint_score'].dtype == np.float16
            assert np.array_equal(one['keypoint'], found.keypoint)
            assert np.array_equal(one['keypoint_score'], found.score)
            assert one['total_frames'] == found.keypoint.shape[1]
            rest = {k: v for k, v in clean.items() if 'keypoint' not in k and k != 'total_frames'}
            assert {key: one[key] for key in rest} == rest
            assert set(one) == set(clean)


def test_saved_tracks_are_played_again_and_altered_ones_are_found(victim, corrupted, capsys):
    given = [*victim[:2], str(corrupted / 'work')]
    assert verify(given) == 0
    count = N * len(CELLS + CONTROLS)
    told = capsys.readouterr().out
    assert f'{count} of {count} saved samples' in told
    # Top 1, top 5 and the mean of classes, of every cell.
    assert f'{3 * len(CELLS + CONTROLS)} scores of the metrics compared' in told
    assert 'not compared' not in told
    path = corrupted / 'saved' / 'outliers_4' / '000001.npz'
    kept = path.read_bytes()
    path.write_bytes((path.parent / '000000.npz').read_bytes())
    assert verify(given) == 1
    assert f'({path}) with another sha256' in capsys.readouterr().err
    path.write_bytes(kept)


@pytest.mark.slow
def test_an_altered_list_of_tracks_is_found(victim, corrupted, capsys):
    path = corrupted / 'saved' / 'outliers_4' / 'tracks.pkl'
    kept = path.read_bytes()
    tracks = pickle.loads(kept)
    path.write_bytes(pickle.dumps(tracks[::-1]))
    assert verify([*victim[:2], str(corrupted / 'work')]) == 1
    assert 'outliers/4: v' in capsys.readouterr().err
    path.write_bytes(kept)


@pytest.mark.slow
def test_resumed_run_is_the_unbroken_one(victim, corrupted, tmp_path):
    words = [*victim[:2], *KINDS, '--control', '--work-dir', str(tmp_path / 'w')]
    saved = ['--save', str(tmp_path / 's')]
    assert main([*words, *saved, '--max-samples', '2', '--batch-size', '5']) == 0
    assert main([*words, *saved, '--resume']) == 0
    for line, whole in zip(rows(tmp_path / 'w'), rows(corrupted / 'work'), strict=True):
        assert line['name'] == whole['name']
        assert line['saved'].keys() == whole['saved'].keys()
        for name, cell in line['cells'].items():
            assert cell['prediction'] == whole['cells'][name]['prediction']
            assert line['saved'][name]['sha256'] == whole['saved'][name]['sha256']
    for name in ('outliers_4', 'block_drop_2'):
        again, first = (
            path / name / 'tracks.pkl' for path in (tmp_path / 's', corrupted / 'saved')
        )
        assert again.read_bytes() == first.read_bytes()


@pytest.mark.slow
def test_severities_and_other_kinds_do_not_change_the_draws(victim, corrupted, tmp_path):
    words = ['--corruptions', 'outliers', '--severities', '4', '1', '--max-samples', '2']
    assert main([*victim[:2], *words, '--work-dir', str(tmp_path)]) == 0
    for line, other in zip(rows(tmp_path), rows(corrupted / 'work'), strict=False):
        for key in ('moved', 'prediction'):
            assert line['cells']['outliers/4'][key] == other['cells']['outliers/4'][key]


def test_a_hole_is_named_and_stops_the_mean(victim, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(TRACK_CORRUPTIONS.module_dict, 'Stumbling', Stumbling)
    words = ['--corruptions', 'stumbling', 'lag', '--severities', '1', '2', '3']
    saved = ['--save', str(tmp_path / 's')]
    assert main([*victim[:2], *words, *saved, '--work-dir', str(tmp_path / 'w'), '--control']) == 0
    report = card(tmp_path / 'w')
    why = {'samples': N, 'why': 'RuntimeError: no floor'}
    assert report['holes'] == {'stumbling/2': why}
    assert report['mpc'] is None
    assert report['kinds']['stumbling']['cells']['3']['n'] == N
    assert 'hole: stumbling/2 is missing for 4 of 4' in capsys.readouterr().out
    assert not (tmp_path / 's' / 'stumbling_2').exists()
    # A kind that is nothing but holes has its row, too.
    alone = ['--corruptions', 'stumbling', 'lag', '--severities', '2', '--max-samples', '1']
    assert main([*victim[:2], *alone, '--work-dir', str(tmp_path / 'alone')]) == 0
    assert 'moved' not in card(tmp_path / 'alone')['kinds']['stumbling']['cells']['2']
    assert '>stumbling<' in (tmp_path / 'alone' / 'report.html').read_text()


OWN = '''
from dataclasses import dataclass
from typing import ClassVar

from mmrobust.corruptions.tracks import TrackCorruption
from mmrobust.registry import TRACK_CORRUPTIONS


@TRACK_CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Shrunk(TrackCorruption):
    """Smaller persons."""

    constants: ClassVar = (2, 4)

    def apply(self, track, drawing, severity):
        return track.at(track.keypoint / self.constants[severity - 1])
'''


# --- which kinds ----------------------------------------------------------------------


def kinds_of(*words):
    return [one['type'] for one in build_config(parser().parse_args(words)).test_cfg.corruptions]


def test_kinds_are_those_of_the_model_unless_the_command_says_others(victim, checkpoints):
    own = kinds_of(*victim[:2])
    assert set(own) == set(TRACK_CORRUPTIONS.everything())
    assert kinds_of(*victim[:2], '--corruptions', 'skeleton') == own
    video = kinds_of(str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']))
    assert len(video) == 14
    assert 'GaussianNoise' in video


def test_a_kind_of_ones_own_comes_from_a_file(tmp_path):
    from mmrobust.engine.corruption_configs import corruptions_of

    (tmp_path / 'shrunk_kind.py').write_text(OWN)
    file = tmp_path / 'mine.py'
    file.write_text(
        'import shrunk_kind  # noqa: F401\n'
        "corruptions = [dict(type='Shrunk'), dict(type='BlockDrop', fill='hold')]\n"
    )
    own, known = corruptions_of([str(file)])
    TRACK_CORRUPTIONS.module_dict.pop('Shrunk')
    assert (own.name, known.fill) == ('shrunk', 'hold')
    clean = square()
    assert np.array_equal(own(clean, 2, Draws(0, 'shrunk', 0)).keypoint, clean.keypoint / 4)


@pytest.mark.parametrize(('words', 'said'), [
    (['gaussian_noise', 'lag', 'h264_crf', 'action_swap'],
     '--corruptions must be kinds of skeletons (the preset skeleton, mmrobust list '
     "track_corruptions), got 'gaussian_noise, h264_crf, action_swap'"),
    (['lagg'], "unknown corruption 'lagg': did you mean 'lag'"),
    (['joint_noise', 'JointNoise'], 'each kind once'),
])  # fmt: skip
def test_kinds_that_do_not_suit_are_refused(victim, words, said, tmp_path, capsys):
    assert main([*victim[:2], '--corruptions', *words, '--work-dir', str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1


def test_kinds_of_skeletons_are_refused_for_videos(checkpoints, tmp_path, capsys):
    init_default_scope('mmaction')
    given = [str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), '--work-dir', str(tmp_path)]
    assert main([*given, '--corruptions', 'skeleton', 'fog']) == 1
    error = capsys.readouterr().err
    assert "kinds of videos (mmrobust list corruptions), none of skeletons, got 'uniform" in error
    assert len(error.strip().splitlines()) == 1


def test_raw_files_are_refused(victim, tmp_path, capsys):
    given = ['--input', str(tmp_path), '--work-dir', str(tmp_path / 'w')]
    assert main([*victim[:2], *given]) == 1
    assert 'used with videos and pictures: tracks of skeletons' in capsys.readouterr().err


def test_files_without_tracks_are_refused():
    step = type('DecompressPose', (), {})()
    with pytest.raises(RefusedError, match='cannot be made with the transform DecompressPose'):
        SkeletonCells([step])


# --- tracks and their change ----------------------------------------------------------


def prepared(dimensions, info):
    cells = SkeletonCells(transforms(graph_pipeline(dimensions)))
    return cells, cells(info)[LAYOUT_KEY]


def test_scores_among_the_coordinates_are_no_places():
    info = sample(2, persons=1) | {'sample_idx': 0}
    score = info.pop('keypoint_score')
    info['keypoint'] = np.concatenate([info['keypoint'], score[..., None]], -1)
    cells, found = prepared(2, info)
    assert found.track.keypoint.shape[-1] == 2
    assert np.array_equal(found.track.score, score)
    for kind in (JointNoise(), JointDropout()):
        track = kind(found.track, 5, Draws(0, kind.name, 0))
        joined = found.arrays(track)
        assert list(joined) == ['keypoint']
        assert np.array_equal(joined['keypoint'][..., :2], track.keypoint)
        assert np.array_equal(joined['keypoint'][..., 2], track.score)
        assert cells.finish(found, track)['inputs'].shape[-1] == 3
    # Of depth cameras the third number is a place.
    _, deep = prepared(3, sample(3) | {'sample_idx': 0})
    assert deep.track.keypoint.shape[-1] == 3
    assert deep.track.score is None


def test_clean_cell_is_the_pipelines_own():
    for dimensions in (2, 3):
        info = sample(dimensions) | {'sample_idx': 0}
        cells, found = prepared(dimensions, info)
        state = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in info.items()}
        for step in transforms(graph_pipeline(dimensions)):
            state = step(state)
        before = found.track.keypoint.copy()
        assert np.array_equal(cells.finish(found, found.track)['inputs'], state['inputs'])
        # What is finished once, is there for the next cell.
        assert np.array_equal(found.track.keypoint, before)
        assert np.array_equal(cells.finish(found, found.track)['inputs'], state['inputs'])


def square(side=2.0, frames=3):
    """One person of four joints at the corners of a square, far from the origin."""
    corners = np.array([[0, 0], [0, side], [side, side], [side, 0]]) + 10
    return Track(np.broadcast_to(corners, (1, frames, 4, 2)).copy())


def test_change_by_hand():
    clean = square()
    shifted = clean.keypoint.copy()
    shifted[0, :, 0] += (3, 4)
    found = Track(shifted)
    # One joint of four by 5, of a box of side 2.
    assert mean_ways(clean, found) == pytest.approx([5 / 4])
    assert moved(clean, found) == pytest.approx(5 / 4 / 2)
    assert lost(clean, found) == 0
    gone = np.zeros(clean.found.shape, bool)
    gone[0, 0, :3] = True
    less = found.without(gone)
    # Of nine joints that are left, two went by 5.
    assert mean_ways(clean, less) == pytest.approx([10 / 9])
    assert lost(clean, less) == pytest.approx(3 / 12)
    shorter = UniformDrop()(clean, 1, Draws(0, 'uniform_drop', 0))
    assert moved(clean, shorter) is None
    assert lost(clean, shorter) == pytest.approx(1 / 3)


def test_control_moves_the_joints_of_each_person_by_as_much():
    rng = np.random.default_rng(0)
    places = rng.uniform(1, 9, (3, 20, 6, 3))
    places[1, 4:, 2] = places[2] = 0
    clean = Track(places)
    size = np.array([0.5, 2.0, 0.0])
    found = equal_joint_noise(clean, size, Draws(0, 'lag_control', 0))
    assert mean_ways(clean, found) == pytest.approx(size)
    assert np.array_equal(found.found, clean.found)
    apart = (found.keypoint - clean.keypoint)[0]
    # Normal, as wide on every axis: the mean length of such a vector of three is sqrt(8 / pi) sd.
    assert apart.std() == pytest.approx(0.5 / np.sqrt(8 / np.pi), rel=0.05)
    assert np.abs(apart.mean((0, 1))).max() < 0.1
    assert same_draw(found, equal_joint_noise(clean, size, Draws(0, 'lag_control', 0)))
    assert not same_draw(found, equal_joint_noise(clean, size, Draws(0, 'lag_control', 1)))


def same_draw(one, other):
    return np.array_equal(one.keypoint, other.keypoint)


def test_which_kinds_have_a_control():
    every = {name: cls() for name, cls in TRACK_CORRUPTIONS.everything().items()}
    assert {name for name, kind in every.items() if kind.has_control} == {
        'JointSwap', 'Lag', 'Outliers',
    }  # fmt: skip
    assert [BlockDrop(fill).has_control for fill in ('drop', 'hold', 'linear', 'zero')] == [
        False, True, True, False,
    ]  # fmt: skip
    clean = square(frames=12)
    assert moved(clean, Lag()(clean, 3, Draws(0, 'lag', 0))) == 0


def test_lines_are_those_of_json(corrupted):
    """What is written is numbers and texts: a NaN would be none."""
    text = (corrupted / 'work' / 'results.jsonl').read_text()
    assert 'NaN' not in text
    assert told([json.loads(line) for line in text.splitlines()])
