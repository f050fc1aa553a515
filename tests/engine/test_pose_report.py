"""What people look at after an attack on the shipped pose estimator."""

import hashlib
import json
import re
from html import unescape

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmrobust.cli.attack import main
from mmrobust.compat import flat_heatmaps
from mmrobust.evaluation.goal_curve import goal_curve
from mmrobust.evaluation.poses import by_joint, over_tau
from mmrobust.ledger.ledger import read_entries
from mmrobust.victims.pose import PoseVictim
from mmrobust.visualization.stills import decoded
from tests.conftest import ROOT

CONFIG = ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'
VICTIM = ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth'
ATTACKS = ROOT / 'configs' / '_base_' / 'attacks'
SIX = ('test_dataloader.dataset.num_videos=2', 'test_dataloader.dataset.frames_per_video=3')
# Strips of titles 37 high, crops of 64 x 80 four times as large, gaps of 4.
ROW, WIDTH = 37 + 320, 3 * 256 + 2 * 4


def attack(name, out, *options, arguments=()):
    words = [CONFIG, VICTIM, '--attack', name, '--work-dir', out, *arguments, '--cfg-options']
    assert main([str(word) for word in (*words, *SIX, *options)]) == 0
    return json.loads((out / 'report.json').read_text())


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """KAA on six persons."""
    out = tmp_path_factory.mktemp('kaa')
    return out, attack(ATTACKS / 'kaa_linf.py', out)


def test_pose_victim_loads_without_pickle_and_fits_exactly():
    from mmpose.registry import MODELS

    init_default_scope('mmpose')
    assert VICTIM.stat().st_size < 2_000_000
    checkpoint = torch.load(VICTIM, map_location='cpu', weights_only=True)
    assert set(checkpoint) == {'state_dict', 'meta'}
    model = MODELS.build(Config.fromfile(CONFIG).model)
    model.load_state_dict(checkpoint['state_dict'], strict=True)


def test_pose_victims_card_names_the_shipped_file():
    card = VICTIM.with_suffix('.md').read_text()
    assert hashlib.sha256(VICTIM.read_bytes()).hexdigest() in card
    assert CONFIG.name in card


@pytest.mark.slow
def test_pose_attack_is_far_below_clean_and_below_larger_noise(run, tmp_path):
    _, card = run
    linf = ('attack.threat.type=Linf', 'attack.threat.eps=8', 'settings.previews=0')
    noise = attack('RandomNoise', tmp_path, *linf)
    assert card['n'] == card['attacked'] == noise['n'] == 6
    assert card['clean']['PCK'] == noise['clean']['PCK'] >= 0.9
    assert card['adversarial']['PCK'] < 0.5
    assert noise['adversarial']['PCK'] > 0.9
    assert card['adversarial']['EPE'] > 3 * noise['adversarial']['EPE']
    assert card['success_rate'] > noise['success_rate'] == 0
    assert noise['perturbation']['linf'] == 8 >= card['perturbation']['linf']
    assert noise['perturbation']['l2'] > card['perturbation']['l2']


def test_pose_report_has_the_numbers_by_joint_and_over_the_threshold(run):
    out, card = run
    rows = list(read_entries(out).values())
    assert card['pose'] == {'by_joint': by_joint(rows), 'success_curve': over_tau(rows)}
    table = card['pose']['by_joint']
    assert len(table) == len(card['joints']) == 14
    assert all(line['labelled'] == 6 for line in table)
    moved = sum(line['moved_rate'] * 6 for line in table)
    assert moved == pytest.approx(sum(row['joints_moved'] for row in rows)) != 0
    lost = sum(line['vanished_rate'] * 6 for line in table)
    assert lost == pytest.approx(sum(row['joints_vanished'] for row in rows))
    curve = card['pose']['success_curve']
    assert (curve['measure'], curve['n'], len(curve['tau'])) == ('displacement', 6, 101)


def at_own(card, rows):
    curve = goal_curve(rows, card['attack']['goal'])
    return curve['rate'][curve['tau'].index(curve['own'])]


def test_curve_over_the_threshold_passes_through_the_success_rate(run, tmp_path):
    out, card = run
    rows = list(read_entries(out).values())
    assert at_own(card, rows) == card['success_rate'] > 0
    assert 'Dashed: the run’s own threshold, 20 %' in (out / 'report.html').read_text()
    # A threshold that some reach and some do not, and the clean prediction as reference.
    options = ('attack.goal.tau=0.13', 'attack.goal.share=0.7', 'attack.goal.reference=prediction')
    card = attack('PGD', tmp_path, *options, 'attack.threat.eps=1', 'settings.previews=0')
    rows = list(read_entries(tmp_path).values())
    assert at_own(card, rows) == card['success_rate']
    assert 'Dashed: the run’s own threshold, 13 %' in (tmp_path / 'report.html').read_text()


def test_pose_page_describes_its_pictures_and_has_a_row_for_every_joint(run):
    out, card = run
    page = (out / 'report.html').read_text()
    assert 'relation:' not in page
    texts = [unescape(text) for text in re.findall(r'<img[^>]* alt="([^"]*)"', page)]
    assert len(texts) == 4
    assert all('clean and adversarial poses on the pictures' in text for text in texts)
    assert all(re.search(r'(fooled|held): \d+ of 14 joints moved', text) for text in texts)
    section = page.split('<h2>By joint</h2>')[1].split('</section>')[0]
    for name in card['joints']:
        assert f'>{name}</td>' in section
    for heading in ('labelled', 'error, clean', 'displacement', 'moved', 'vanished'):
        assert f'>{heading}</button>' in section


def test_pose_run_without_relations_leaves_a_contact_sheet_of_its_previews(run):
    out, _ = run
    pictures = [decoded(path.read_bytes()) for path in sorted((out / 'previews').iterdir())]
    assert [picture.shape for picture in pictures] == [(ROW, WIDTH, 3)] * 4
    sheet = decoded((out / 'contact_sheet.png').read_bytes())
    head = round(24 * 21 / 13) + 2 * round(24 * 18 / 13)
    assert sheet.shape == (2 * (head + ROW) + 4, 2 * WIDTH + 4, 3)
    assert (sheet[head : head + ROW, :WIDTH] == pictures[0]).all()
    assert (sheet[-ROW:, -WIDTH:] == pictures[3]).all()


@pytest.mark.slow
def test_pose_pictures_show_relations_and_the_target(tmp_path):
    more = ('attack.steps=1', 'settings.previews=1')
    one = ('--max-samples', 1)
    card = attack(ATTACKS / 'kaa_er_linf.py', tmp_path / 'free', *more, arguments=one)
    picture = decoded((tmp_path / 'free' / 'previews' / '000000.png').read_bytes())
    assert picture.shape == (2 * ROW + 4, WIDTH, 3)
    assert 'relation: red rises with the pixel' in (tmp_path / 'free' / 'report.html').read_text()
    relation = picture[-320:, :256].astype(int)
    dark = (relation.max(axis=2) - relation.min(axis=2)) == 0
    # The head depends on some of the upper pixels and on none by the feet.
    assert 0.02 < 1 - dark[:160].mean() < 0.8
    assert dark[280:].mean() > 0.99
    assert card['pose']['success_curve']['measure'] == 'displacement'

    aim = ('attack.goal.type=TargetPose', 'victim.target=sit')
    card = attack('KLimiting', tmp_path / 'aimed', *aim, *more, arguments=one)
    picture = decoded((tmp_path / 'aimed' / 'previews' / '000000.png').read_bytes())
    assert picture.shape == (2 * ROW + 4, WIDTH, 3)
    target = picture[-320:, :256].astype(int)
    clean = picture[37:ROW, :256].astype(int)
    # The same crop below another skeleton.
    assert 0.02 < (target != clean).any(axis=2).mean() < 0.3
    assert card['pose']['success_curve']['measure'] == 'target_error'


@pytest.mark.slow
def test_a_heatmap_that_is_too_flat_is_flagged_with_its_sample_alone(monkeypatch, tmp_path):
    own, asked = PoseVictim.record, []

    def record(*arguments):
        asked.append(len(asked))
        if asked[-1] == 1:
            flat_heatmaps._count()
        return own(*arguments)

    monkeypatch.setattr(PoseVictim, 'record', record)
    card = attack('RandomNoise', tmp_path, 'settings.previews=0', arguments=['--max-samples', '3'])
    lines = [json.loads(line) for line in (tmp_path / 'results.jsonl').read_text().splitlines()]
    assert ['flat_heatmap' in line['flags'] for line in lines] == [False, True, False]
    assert card['flags']['flat_heatmap'] == 1
