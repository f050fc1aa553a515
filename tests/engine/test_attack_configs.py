"""Attacks by their usual names."""

import pytest
from mmengine.config import Config, ConfigDict

from mmrobust.cli.attack import build_config, parser
from mmrobust.engine.attack_configs import attack_config, named, shipped
from mmrobust.engine.victims import build_attack
from mmrobust.goals import Goal
from mmrobust.registry import ATTACKS, HOOKS
from tests.conftest import CONFIGS, ROOT

SHIPPED = ROOT / 'configs' / '_base_' / 'attacks'


def test_every_shipped_config_has_a_name_and_can_be_built():
    assert set(shipped()) == {path.stem for path in SHIPPED.glob('*.py')}
    for name, path in shipped().items():
        assert named(name) == Config.fromfile(path).attack.to_dict()
        assert path.read_text().startswith('# ')
        ATTACKS.build(named(name))


@pytest.mark.parametrize(
    ('name', 'title'),
    [
        ('PGD', 'PGD'),
        ('pgd', 'PGD'),
        ('mmrobust.PGD', 'PGD'),
        ('pgd_linf', 'PGD'),
        ('bim', 'BIM'),
        ('fgsm', 'FGSM'),
        ('mi_fgsm', 'MI-FGSM'),
        ('MI-FGSM', 'MI-FGSM'),
        ('mifgsm', 'MI-FGSM'),
        ('ni_fgsm', 'NI-FGSM'),
        ('vmi_fgsm', 'VMI-FGSM'),
        ('vni_fgsm', 'VNI-FGSM'),
        ('emi_fgsm', 'EMI-FGSM'),
        ('eot_apgd', 'EOT-APGD'),
        ('ssa_mi_fgsm', 'SSA-MI-FGSM'),
        ('ti_fgsm', 'TI-MI-FGSM'),
        ('di_fgsm', 'DI-MI-FGSM'),
        ('si_ni_fgsm', 'SI-NI-FGSM'),
        ('tt_fgsm', 'TT-MI-FGSM'),
        ('me_sampler', 'ME-Sampler'),
        ('ME-Sampler', 'ME-Sampler'),
        ('me_sampler_targeted', 'ME-Sampler, targeted at the next class'),
        ('nes', 'NES'),
        ('bandits', 'Bandits'),
        ('geo_trap', 'Geo-TRAP'),
        ('Geo-TRAP', 'Geo-TRAP'),
        ('simba', 'SimBA-DCT'),
        ('simba_pixel', 'SimBA'),
        ('square', 'Square'),
        ('rays', 'RayS'),
        ('sign_hunter', 'SignHunter'),
        ('one_shot', 'One-shot'),
        ('kaa_linf', 'KAA'),
        ('kaa_er_linf', 'KAA+ER'),
        ('pgd_linf_least-likely', 'PGD, least likely class'),
        ('PGD_linf_least_likely', 'PGD, least likely class'),
        ('frame_saliency', 'Iterative saliency'),
        ('random_noise', 'Random noise'),
    ],
)
def test_usual_names_lead_to_the_attack_and_back(name, title):
    assert ATTACKS.build(named(name)).title == title


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('PDG', "unknown attack 'PDG': did you mean 'PGD'"),
        ('me_samplr', "did you mean 'me_sampler'"),
        ('json', "unknown attack 'json'"),  # a module of Python, which mmengine takes for a type
        ('elsewhere.PGD', "unknown attack 'elsewhere.PGD'"),
        ('', "unknown attack ''"),
    ],
)
def test_other_names_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        named(name)


def test_a_config_may_change_a_shipped_one():
    changed = {'type': 'me_sampler', 'budget': 99, 'threat': {'eps': 4}, 'goal': {'loss': 'margin'}}
    attack = ATTACKS.build(attack_config(ConfigDict(changed)))
    assert (attack.title, attack.budget, attack.threat.eps) == ('ME-Sampler', 99, 4)
    assert attack.step_size == 0.025 / 0.03
    assert attack.goal.loss == 'margin'
    # Another type of threat is not handed the options of the first.
    changed = {'type': 'nes', 'sampler': {'type': 'OneNoise'}, 'threat': {'type': 'FrameMask'}}
    attack = ATTACKS.build(attack_config(changed))
    assert attack.title == 'NES with OneNoise'
    assert attack.threat.frames == (0,)
    assert attack_config(attack_config('me_sampler')) == named('me_sampler')


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (3, 'attack must be a dict of options or a name, got 3'),
        ([1, 2], r'attack must be a dict of options or a name, got \[1, 2\]'),
        ({'steps': 3}, "attack must have a type, got {'steps': 3}"),
        ({'type': 3}, 'attack.type must be a name or a class, got 3'),
        ('nowhere.py', 'attack nowhere.py does not exist'),
    ],
)
def test_what_is_no_attack(given, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        attack_config(given)


def test_a_file_may_name_an_attack(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text("attack = 'nes'\n")
    assert attack_config(str(path), '--attack') == named('nes')
    path.write_text('attack = 3\n')
    with pytest.raises(ValueError, match=r'^--attack .*mine.py: attack must be a dict .* got 3$'):
        attack_config(str(path), '--attack')
    path.write_text('attac = 3\n')
    with pytest.raises(ValueError, match=r'mine.py must define `attack = dict\(type=...\)`'):
        attack_config(str(path), '--attack')


# Goals by what they suit, named by its own.
FAMILIES = {
    'Misclassify': ['Misclassify', 'TargetClass', 'LeastLikely'],
    'CorruptPose': ['CorruptPose', 'TargetPose'],
    'CorruptPersons': ['CorruptPersons'],
    'Corrupt3DPose': ['Corrupt3DPose'],
}


class Victim:
    """What building an attack asks of a model under test."""

    threat = None

    def __init__(self, goal: str) -> None:
        self.goal = goal

    def check_attack(self, attack: object) -> None:
        """Nothing to object to."""


@pytest.mark.parametrize('name', ['fgsm', 'mi_fgsm', 'bim', 'pgd_linf', 'one_shot', 'random_noise'])
def test_attacks_by_gradient_suit_recognisers_and_poses_alike(name):
    for goal in ('Misclassify', 'CorruptPose'):
        attack = build_attack(name, Victim(goal))
        assert type(attack.goal).__name__ == goal
    assert attack.goal.loss == 'auto'


@pytest.mark.parametrize('victim', FAMILIES)
@pytest.mark.parametrize('goal', [goal for goals in FAMILIES.values() for goal in goals])
def test_goals_that_speak_of_something_else_are_refused_at_the_start(victim, goal):
    words = {'type': 'PGD', 'goal': {'type': goal}}
    if goal in FAMILIES[victim]:
        assert type(build_attack(words, Victim(victim)).goal).__name__ == goal
        return
    told = f'attack.goal.type must be a goal of .*, got {goal}, one of .*; {victim} is one'
    with pytest.raises(ValueError, match=told):
        build_attack(words, Victim(victim))


def test_a_goal_of_another_kind_is_its_authors_affair():
    class Any(Goal):
        check = bind = select = objective = success = is_correct = describe = None

    assert type(build_attack({'type': 'PGD', 'goal': Any()}, Victim('CorruptPose')).goal) is Any


def test_a_hook_takes_a_name():
    hook = HOOKS.build({'type': 'mmrobust.AttackHook', 'attack': 'me_sampler'})
    assert build_attack(hook.attack, Victim('Misclassify')).title == 'ME-Sampler'
    hook = HOOKS.build({'type': 'mmrobust.AttackHook', 'attack': {'type': 'nes', 'budget': 100}})
    assert build_attack(hook.attack, Victim('Misclassify')).budget == 100


@pytest.mark.parametrize(
    ('given', 'folder'), [('PGD', 'pgd'), ('nes', 'nes'), ('FILE', 'my_own'), (None, 'pgd')]
)
def test_results_lie_under_the_name_that_was_given(tmp_path, given, folder):
    file = tmp_path / 'my_own.py'
    file.write_text("attack = dict(type='PGD', steps=2)\n")
    words = [str(CONFIGS / 'tiny_3d.py'), 'any.pth']
    words += [] if given is None else ['--attack', str(file) if given == 'FILE' else given]
    assert build_config(parser().read(words)).work_dir == f'work_dirs/tiny_3d/{folder}'


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('dict(type="PGD", threat=dict(type="Linf", eps=-4))', 'eps must be a finite number >= 0'),
        ('dict(type="PGD", stepz=3)', "PGD has no option 'stepz'"),
    ],
)
def test_a_wrong_option_is_told_with_the_file_that_it_stands_in(tmp_path, content, message):
    path = tmp_path / 'own.py'
    path.write_text(f'attack = {content}\n')
    words = [str(CONFIGS / 'tiny_3d.py'), 'any.pth']
    with pytest.raises(ValueError, match=message) as caught:
        build_config(parser().read([*words, '--attack', str(path)]))
    assert str(caught.value).startswith(f'--attack {path}: ')
    config = tmp_path / 'whole.py'
    config.write_text(f'{(CONFIGS / "tiny_3d.py").read_text()}\nattack = {content}\n')
    with pytest.raises(ValueError, match=message) as caught:
        build_config(parser().read([str(config), 'any.pth']))
    assert str(caught.value).startswith(f'CONFIG {config}: ')


def test_a_wrong_option_of_the_command_line_is_not_laid_on_the_file(tmp_path):
    path = tmp_path / 'own.py'
    path.write_text('attack = dict(type="PGD", goal=dict(tau=0.1))\n')
    words = [str(CONFIGS / 'tiny_3d.py'), 'any.pth', '--attack', str(path), '--cfg-options']
    for option in ('attack.threat.eps=-4', 'attack.steps=3'):
        # The run itself says what is wrong, and of which goal the options are.
        assert build_config(parser().read([*words, option])).test_cfg.attack.type == 'PGD'
