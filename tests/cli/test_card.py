"""Cards from the command on: parts, resuming, schema, board and comparison."""

import json
import shutil

import jsonschema
import pytest

from mmrobust.cli import board, card, compare, verify
from mmrobust.cli.main import COMMANDS
from mmrobust.evaluation.card_files import card_config, read_card
from mmrobust.evaluation.card_units import comparable, differences, unit_figures
from tests.conftest import ROOT

DEMO = ROOT / 'configs' / 'demo' / 'i3d-tiny_16x1x2_synthetic-rgb.py'
WEIGHTS = ROOT / 'mmrobust' / 'resources' / 'demo_victim.pth'
SCHEMA = json.loads((ROOT / 'mmrobust' / 'resources' / 'card.schema.json').read_text())
SMALL = """
card = dict(
    corruptions=['gaussian_noise', 'fog', 'action_swap'],
    severities=[1, 5],
    attacks=dict(
        noise=dict(type='random_noise', threat=dict(eps=4)),
        pgd=dict(type='pgd_linf', steps=2, threat=dict(eps=4)),
    ),
    max_samples=7,
)
"""


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """A card of the demo's recogniser on seven videos."""
    folder = tmp_path_factory.mktemp('card')
    (folder / 'small.py').write_text(SMALL)
    words = [str(DEMO), str(WEIGHTS), '--card', str(folder / 'small.py')]
    saved = ['--save', str(folder / 'samples')]
    assert card.main([*words, *saved, '--work-dir', str(folder / 'out')]) == 0
    return words, folder / 'out'


@pytest.mark.slow
def test_the_card_and_its_schema(made):
    _, out = made
    found = read_card(out)
    jsonschema.validate(found, SCHEMA)
    assert found['schema'] == SCHEMA['properties']['schema']['const']
    assert found['data']['n'] == 7
    assert [one['name'] for one in found['attacks']] == ['noise', 'pgd']
    assert list(found['corruptions']['kinds']) == ['gaussian_noise', 'fog']
    # A card is what its runs say.
    report = json.loads((out / 'corruptions' / 'report.json').read_text())
    assert found['cues'] == {'cues': report['cues'], 'contrasted': None}
    assert report['cues']['action_swap']['n'] == 7
    assert 'What it goes by' in (out / 'card.html').read_text()
    assert found['corruptions']['mpc'] == report['mpc']
    assert found['clean']['score'] == report['clean']['score']
    pgd = json.loads((out / 'pgd' / 'report.json').read_text())
    assert found['attacks'][1]['score'] == pgd['adversarial']['acc/top1']
    page = (out / 'card.html').read_text().replace('\N{NO-BREAK SPACE}', ' ')
    assert found['sentence'] in page
    assert found['clean']['score'] > 0.8
    assert 0 < found['corruptions']['mpc'] < found['clean']['score']
    assert sum(line['n'] for line in found['classes']) == 7


@pytest.mark.slow
def test_a_card_is_played_again(made, tmp_path, capsys):
    words, out = made
    assert verify.main([*words[:2], str(out)]) == 0
    told = capsys.readouterr().out
    assert '42 of 42 saved samples are predicted as in the report' in told
    assert told.count('7 of 7 predictions are those of the report') == 2
    assert 'the card is what its runs say' in told
    # A number that no run has given, and a video of an attack that is another.
    again, samples = tmp_path / 'again', tmp_path / 'samples'
    shutil.copytree(out, again)
    shutil.copytree(out.parent / 'samples', samples)
    found = read_card(again)
    found['attacks'][1]['score'] = 0.5
    (again / 'card.json').write_text(json.dumps(found))
    assert verify.main([*words[:2], str(again), '--save', str(samples)]) == 1
    assert 'card.json: attacks.1.score is 0.5' in capsys.readouterr().err
    videos = [samples / 'pgd' / f'{i:06d}.mkv' for i in (0, 1)]
    videos[0].write_bytes(videos[1].read_bytes())
    altered = samples / 'corruptions' / 'fog_5' / '000002.mkv'
    altered.write_bytes(b'no video')
    assert verify.main([*words[:2], str(again), '--save', str(samples)]) == 1
    told = capsys.readouterr().err
    assert 'pgd/000000.mkv must be as it was saved, with sha256' in told
    assert f'({altered}) with another sha256' in told
    assert 'card.json: attacks.1.score is 0.5' in told


@pytest.mark.slow
@pytest.mark.parametrize('gone', ['schema', 'clean', 'attacks', 'corruptions', 'sentence'])
def test_the_schema_misses_what_is_gone(made, gone):
    found = read_card(made[1])
    del found[gone]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA)


@pytest.mark.slow
def test_resumed_card_is_the_same(made, tmp_path, capsys):
    words, out = made
    again = tmp_path / 'again'
    shutil.copytree(out, again)
    (again / 'card.json').unlink()
    shutil.rmtree(again / 'pgd')
    ledger = again / 'corruptions' / 'results.jsonl'
    ledger.write_text('\n'.join(ledger.read_text().splitlines()[:3]) + '\n')
    capsys.readouterr()
    assert card.main([*words, '--work-dir', str(again), '--resume']) == 1
    assert '--save must be given again: 3 lines of' in capsys.readouterr().err
    samples = out.parent / 'samples'
    saved = ['--save', str(samples)]
    assert card.main([*words, *saved, '--work-dir', str(again), '--resume']) == 0
    assert read_card(again) == read_card(out)
    told = capsys.readouterr()
    assert 'for all; ' in told.err
    assert told.out.endswith(
        f': {samples}/corruptions\nsaved, noise: {samples}/noise\nsaved, pgd: {samples}/pgd\n'
    )


@pytest.mark.slow
def test_runs_of_another_seed_make_no_card(made, tmp_path, capsys):
    words, out = made
    again = tmp_path / 'again'
    shutil.copytree(out, again)
    assert card.main([*words, '--work-dir', str(again), '--resume', '--seed', '1']) == 1
    assert 'belong to another run; it differs in: seed: 0, now 1' in capsys.readouterr().err


@pytest.mark.slow
def test_board_and_comparison_with_itself(made, tmp_path, capsys):
    _, out = made
    other = shutil.copytree(out, tmp_path / 'other')
    assert board.main([str(out), str(other), '--work-dir', str(tmp_path)]) == 0
    rows = json.loads((tmp_path / 'board.json').read_text())['rows']
    assert [row.pop('folder') for row in rows] == ['out', 'other']
    assert rows[0] == rows[1]
    assert rows[0]['note'] == 'tiny victim, not the published model'
    assert rows[0]['budgets'] == 'noise Linf 4, pgd Linf 4'
    assert rows[0]['natural_accuracy'] == read_card(out)['corruptions']['mpc']
    assert 'i3d-tiny' in (tmp_path / 'board.html').read_text()
    capsys.readouterr()
    assert compare.main([str(out), str(out)]) == 0
    assert '+0.0 pp' in capsys.readouterr().out


@pytest.mark.slow
def test_a_worse_model_fails_the_comparison(made, tmp_path, capsys):
    _, out = made
    worse, better = tmp_path / 'worse', tmp_path / 'better'
    for folder, right in ((worse, False), (better, True)):
        shutil.copytree(out, folder)
        path = folder / 'corruptions' / 'results.jsonl'
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            for name, cell in line['cells'].items():
                cell['correct'] = right or name == 'clean'
        path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    assert compare.main([str(better), str(worse)]) == 1
    printed = capsys.readouterr()
    assert 'B is worse than A beyond chance: corruption, gaussian_noise, fog' in printed.err
    assert '-100.0 pp' in printed.out
    assert compare.main([str(worse), str(better)]) == 0


def test_figures_of_other_severities_or_budgets_are_not_compared():
    kinds = {'fog': {}, 'snow': {}}
    attacks = [{'name': 'pgd', 'title': 'PGD', 'norm': 'Linf', 'eps': 4}]
    one = {'corruptions': {'severities': [1], 'kinds': kinds}, 'attacks': attacks}
    assert comparable(one, one) == {'clean', 'corruption', 'fog', 'snow', 'pgd'}
    fewer = one | {'corruptions': {'severities': [1], 'kinds': {'fog': {}}}}
    assert comparable(one, fewer) == {'clean', 'fog', 'pgd'}
    worse = one | {'corruptions': {'severities': [5], 'kinds': kinds}}
    assert comparable(one, worse) == {'clean', 'pgd'}
    louder = one | {'attacks': [attacks[0] | {'eps': 8}]}
    assert comparable(one, louder) == {'clean', 'corruption', 'fog', 'snow'}
    longer = one | {'attacks': [attacks[0] | {'options': {'steps': 100}}]}
    assert comparable(one, longer) == {'clean', 'corruption', 'fog', 'snow'}
    thicker = one['corruptions'] | {'kinds': {'fog': {'options': {'coherent': False}}, 'snow': {}}}
    assert comparable(one, one | {'corruptions': thicker}) == {'clean', 'snow', 'pgd'}


def test_units_are_paired_by_name_not_by_place():
    first = {'clean': {'a': 1.0, 'b': 0.0}}
    (line,) = differences(first, {'clean': {'b': 0.0, 'a': 1.0}})
    assert line['difference'] == 0
    assert not line['worse']
    with pytest.raises(ValueError, match='of the same samples as A'):
        differences(first, {'clean': {'a': 1.0, 'c': 0.0}})


@pytest.mark.slow
def test_figures_count_persons_of_a_picture_once(made):
    _, out = made
    figures = unit_figures(read_card(out), out)
    assert set(figures) == {'clean', 'corruption', 'gaussian_noise', 'fog', 'noise', 'pgd'}
    assert {len(of) for of in figures.values()} == {7}


@pytest.mark.slow
@pytest.mark.parametrize(
    ('command', 'words', 'said'),
    [
        (card, ('--card', 'absent'), '--card must be a config file, or one of quick, skeleton'),
        (card, ('--card', 'standard', '--quick'), '--quick must be left out with --card standard'),
        (card, ('--card', 'absent.py'), 'absent.py'),
        (card, ('--quick', '--max-samples', '0'), 'max_samples must be a whole number'),
    ],
)
def test_refused_cards(made, command, words, said, tmp_path, capsys):
    given, _ = made
    assert command.main([*given[:2], *words, '--work-dir', str(tmp_path / 'o')]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('card = 3', 'a file that defines `card = dict'),
        ("card = dict(severities=[1], corruptions=['fog'], atacks={})", "did you mean 'attacks'"),
        ('card = dict(severities=[1])', 'card.corruptions must be a list'),
        ("card = dict(severities=[1], corruptions=['fog'], attacks=[1])", 'attacks by name'),
    ],
)
def test_refused_configs_of_cards(text, said, tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        card_config(str(path))


@pytest.mark.parametrize('text', ['{', '[]', '{"schema": "mmrobust.card/0"}'])
def test_what_is_no_card(text, tmp_path, capsys):
    (tmp_path / 'card.json').write_text(text)
    assert board.main([str(tmp_path)]) == 1
    assert 'card.json' in capsys.readouterr().err
    assert board.main([str(tmp_path / 'nowhere')]) == 1
    assert 'is it the folder' in capsys.readouterr().err.replace(f'is {tmp_path}/nowhere', 'is it')


def test_shipped_cards_build_all_their_parts():
    for name in ('standard', 'quick', 'skeleton', 'skeleton_quick'):
        found = card_config(name)
        from mmrobust.engine.attack_configs import attack_config
        from mmrobust.engine.corruption_configs import corruptions_of
        from mmrobust.registry import ATTACKS

        assert corruptions_of(found['corruptions'])
        for options in (*found['attacks'].values(), *found['attacks_on_videos'].values()):
            assert ATTACKS.build(attack_config(dict(options)))
    assert COMMANDS['card'][0] == 'mmrobust.cli.card'


def test_cards_of_skeletons_have_kinds_and_budgets_of_joints(capsys):
    for name in ('standard', 'quick'):
        found, frames = card._held(name, 'SkeletonVictim'), card._held(name, 'PoseVictim')
        assert found['corruptions'] != frames['corruptions']
        assert 'square' not in found['attacks']
    assert 'left out: square: a search by queries asks a thousand times' in capsys.readouterr().out
    assert 'square' in card._held('standard', 'ActionVictim')['attacks']
    assert capsys.readouterr().out == ''


OF_TRACKS = """
ball = dict(type='JointL2', eps=0.05)
card = dict(
    corruptions=['block_drop', 'lag'],
    severities=[4],
    control=True,
    attacks=dict(
        pgd=dict(type='pgd_linf', steps=3, threat=ball),
        one_frame=dict(type='pgd_linf_one-frame', steps=2, threat=dict(threat=ball)),
    ),
    left_out=dict(square='no grid'),
)
"""


@pytest.mark.slow
def test_a_card_of_skeletons(tmp_path, capsys):
    from tests.victims.skeleton.toys import written_victim

    config, weights, _ = written_victim(tmp_path, 3)
    (tmp_path / 'mine.py').write_text(OF_TRACKS)
    words = [config, weights, '--card', str(tmp_path / 'mine.py'), '--save', str(tmp_path / 's')]
    assert card.main([*words, '--work-dir', str(tmp_path / 'out')]) == 0
    found = read_card(tmp_path / 'out')
    jsonschema.validate(found, SCHEMA)
    assert found['noun'] == 'track'
    assert found['change_unit'] == 'lengths of the torso'
    assert found['left_out'] == {'square': 'no grid'}
    assert 'move every joint by 0.05 lengths of the torso' in found['sentence']
    kinds = found['corruptions']['kinds']
    assert [kind['control'] is None for kind in kinds.values()] == [True, False]
    assert kinds['lag']['cells']['4']['moved'] > 0
    assert kinds['block_drop']['cells']['4']['lost'] > 0.7
    for one in found['attacks']:
        report = json.loads((tmp_path / 'out' / one['name'] / 'report.json').read_text())
        assert one['score'] == pytest.approx(report['adversarial']['acc/top1'])
    # A fooled sample of the ledger, by hand.
    lines = (tmp_path / 'out' / 'pgd' / 'results.jsonl').read_text().splitlines()
    right = [json.loads(line)['adversarial_correct'] for line in lines]
    assert found['attacks'][0]['score'] == pytest.approx(sum(right) / 3)
    page = (tmp_path / 'out' / 'card.html').read_text()
    assert 'no grid' in page
    assert 'grey levels' not in page
    capsys.readouterr()
    assert verify.main([config, weights, str(tmp_path / 'out')]) == 0
    told = capsys.readouterr().out
    assert '12 of 12 saved samples are predicted as in the report' in told
    assert told.count('3 of 3 predictions are those of the report') == 2
    assert 'the card is what its runs say' in told
    assert compare.main([str(tmp_path / 'out'), str(tmp_path / 'out')]) == 0
    assert board.main([str(tmp_path / 'out'), '--work-dir', str(tmp_path)]) == 0
    (row,) = json.loads((tmp_path / 'board.json').read_text())['rows']
    assert row['kind'] == 'tracks'
    assert row['budgets'] == 'pgd JointL2 0.05, one_frame FrameMask 0.05'


@pytest.mark.slow
def test_a_card_of_frames_is_none_of_skeletons(tmp_path, capsys):
    from tests.victims.skeleton.toys import written_victim

    config, weights, _ = written_victim(tmp_path, 2)
    (tmp_path / 'small.py').write_text(SMALL)
    for words, said in (
        (['--card', str(tmp_path / 'small.py')], 'must be kinds of skeletons'),
        (['--input', str(tmp_path)], 'used with videos and pictures'),
    ):
        assert card.main([config, weights, *words, '--work-dir', str(tmp_path / 'o')]) == 1
        error = capsys.readouterr().err
        assert said in error
        assert len(error.strip().splitlines()) == 1


@pytest.mark.slow
def test_a_card_of_poses_goes_by_joint(tmp_path):
    config = ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'
    weights = ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth'
    # Pictures cannot be filmed again.
    assert ", 'action_swap'" in SMALL
    (tmp_path / 'small.py').write_text(SMALL.replace(", 'action_swap'", ''))
    words = [str(config), str(weights), '--card', str(tmp_path / 'small.py')]
    assert card.main([*words, '--max-samples', '3', '--work-dir', str(tmp_path / 'out')]) == 0
    found = read_card(tmp_path / 'out')
    jsonschema.validate(found, SCHEMA)
    assert found['unit'] == 'joints'
    assert len(found['joints']) == 14
    # Two steps of PGD move some joints, and noise of the same size next to none.
    noise, pgd = (one['kept'] for one in found['attacks'])
    assert pgd < noise
    assert noise > 0.9
    # All persons have all joints labelled: the mean over joints is the score.
    for key, score in (
        ('clean', found['clean']['score']),
        ('corrupted', found['corruptions']['mpc']),
        ('pgd', found['attacks'][1]['score']),
    ):
        values = [line[key] for line in found['joints']]
        assert sum(values) / len(values) == pytest.approx(score, abs=0.03)
