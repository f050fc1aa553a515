"""The command ``mmrobust``: its commands, ``list``, and one line for what is wrong."""

import importlib
import subprocess
import sys

import pytest
import torch

from mmrobust import __version__
from mmrobust.attacks import Attack
from mmrobust.cli import attack, listing, sweep, train, transfer, verify
from mmrobust.cli.main import COMMANDS, main
from mmrobust.cli.reporting import report_errors
from mmrobust.engine.attack_configs import shipped
from mmrobust.registry import ATTACKS, CORRUPTIONS, GOALS, INPUT_TRANSFORMS, SAMPLERS, THREATS
from mmrobust.victims import FunctionVictim
from tests.conftest import ROOT


def lines(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_version_and_help(capsys):
    assert main(['--version']) == 0
    assert lines(capsys) == [f'mmrobust {__version__}']
    assert main(['--help']) == 0
    printed = '\n'.join(lines(capsys))
    assert all(f'\n  {name} ' in printed for name in COMMANDS)


def test_every_command_can_be_run():
    for module, _ in COMMANDS.values():
        assert callable(importlib.import_module(module).main)


def test_list_names_everything_once_on_a_line(capsys):
    assert main(['list']) == 0
    printed = lines(capsys)
    names = [line.split()[0] for line in printed if line.startswith('  ')]
    wanted = list(shipped())
    for registry in (ATTACKS, THREATS, GOALS, SAMPLERS, INPUT_TRANSFORMS, CORRUPTIONS):
        own = registry.everything().items()
        wanted += [name for name, cls in own if cls.__module__.startswith('mmrobust.')]
    assert set(wanted) <= set(names)
    assert len(set(names)) == len(names)
    assert all(len(line.split(maxsplit=1)[1]) > 10 for line in printed if line.startswith('  '))
    text = ' '.join(printed)
    assert 'Fast gradient sign method (Goodfellow, Shlens and Szegedy 2015' in text
    assert 'Motion-excited sampler (Zhang, Zhu, Zhu and Yang 2020), untargeted.' in text
    assert '``' not in text


@pytest.mark.parametrize('noun', listing.NOUNS)
def test_list_of_one_noun(noun, capsys):
    assert main(['list', noun]) == 0
    headings = [line for line in lines(capsys) if line and not line.startswith('  ')]
    assert all(heading.startswith((noun, 'attacks with')) for heading in headings)
    assert ('attacks with' in ' '.join(headings)) == (noun == 'attacks')


@pytest.mark.parametrize(
    ('command', 'words', 'message'),
    [
        (attack, ['a', 'b', '--stepz', '3'], "unknown option '--stepz': did you mean"),
        (attack, ['a', 'b', '--reusme'], "unknown option '--reusme': did you mean '--resume'?"),
        (attack, ['a', 'b', '--eps=3'], 'Options of the config follow --cfg-options'),
        (attack, ['a', 'b', 'c'], "unexpected argument 'c'"),
        (attack, ['a'], 'the following arguments are required: checkpoint'),
        (attack, ['--epz', '3'], "unknown option '--epz': "),
        (attack, ['a', '--attak', 'pgd'], "unknown option '--attak': did you mean '--attack'?"),
        (attack, ['a', 'b', '--attack', ''], '--attack must not be empty'),
        (attack, ['', 'b'], 'CONFIG must not be empty'),
        (attack, ['a', 'b', '--seed', 'x'], "argument --seed: invalid int value: 'x'"),
        (sweep, ['a', 'b', '--eps', '1', '--atack', 'x'], "did you mean '--attack'?"),
        (transfer, ['a', '--sed', '1'], "did you mean '--seed'?"),
        (train, ['a', '--work-dirr', '1'], "did you mean '--work-dir'?"),
        (listing, ['attack'], "invalid choice: 'attack'"),
    ],
)
def test_a_wrong_argument_is_one_line(command, words, message, capsys):
    with pytest.raises(SystemExit) as left:
        command.main(words)
    assert left.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ''
    (line,) = printed.err.splitlines()
    assert line.startswith('error: ')
    assert message in line


def test_config_and_checkpoint_in_the_wrong_order(tmp_path, capsys):
    config, weights = tmp_path / 'a.py', tmp_path / 'b.pth'
    config.write_text('')
    weights.write_text('')
    assert attack.main([str(weights), str(config)]) == 1
    assert capsys.readouterr().err == (
        f'error: CONFIG must be a config (.py .json .yml .yaml), got {weights}: CONFIG comes '
        'first, then CHECKPOINT\n'
    )


@pytest.mark.parametrize('command', [attack, sweep, transfer, train, listing, verify])
def test_help_of_every_command(command, capsys):
    with pytest.raises(SystemExit) as left:
        command.main(['--help'])
    assert left.value.code == 0
    assert '--traceback' in capsys.readouterr().out


def test_help_of_what_is_saved_and_stopped_at_speaks_of_pictures_too():
    shown = ' '.join(attack.parser().format_help().split())
    assert 'save the adversarial videos or pictures, lossless' in shown
    assert 'stop at a video or picture that fails to load' in shown


SCRIPTS = {verify: 'analysis_tools/verify_adv.py'} | {
    command: f'{command.__name__.split(".")[-1]}.py' for command in (attack, sweep, transfer, train)
}


@pytest.mark.parametrize('name', COMMANDS)
def test_usage_names_the_way_it_was_called(name, monkeypatch, capsys):
    def usage(command, words):
        with pytest.raises(SystemExit):
            command(words)
        return capsys.readouterr().out.splitlines()[0]

    monkeypatch.setattr(sys, 'argv', ['/somewhere/bin/mmrobust', name, '--help'])
    assert usage(main, [name, '--help']).startswith(f'usage: mmrobust {name} [-h]')
    module = importlib.import_module(COMMANDS[name][0])
    if module in SCRIPTS:
        script = ROOT / 'tools' / SCRIPTS[module]
        assert script.is_file()
        monkeypatch.setattr(sys, 'argv', [str(script), '--help'])
        assert usage(module.main, ['--help']).startswith(f'usage: {script.name} [-h]')
    if name == 'env':
        monkeypatch.setattr(sys, 'argv', ['/somewhere/mmrobust/compat/__main__.py'])
        assert usage(module.main, ['--help']).startswith('usage: python -m mmrobust.compat [-h]')


def test_the_module_runs_without_a_warning():
    words = [sys.executable, '-W', 'error', '-m', 'mmrobust.cli.main', '--version']
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f'mmrobust {__version__}\n', '')


@pytest.mark.slow
def test_a_reader_who_leaves_early_is_no_error():
    words = [sys.executable, '-m', 'mmrobust', 'list']
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b''
    assert process.returncode == 1


def test_env_without_its_script(capsys):
    assert main(['env', 'no_such_script.py']) == 2
    printed = capsys.readouterr()
    assert printed.err == 'error: script no_such_script.py does not exist\n'


def test_a_type_that_is_registered_nowhere(capsys):
    from mmengine.registry import MODELS, OPTIMIZERS

    def command(words):
        (OPTIMIZERS if words else MODELS).build(dict(type='Sdg' if words else 'ImgDataPreproc'))

    importlib.import_module('mmengine.model')
    importlib.import_module('mmengine.optim')
    assert report_errors(command, ['optimizer']) == 1
    assert "error: unknown optimizer 'Sdg'" in (error := capsys.readouterr().err)
    assert "did you mean 'SGD'?" in error
    assert 'unexpected' not in error
    assert report_errors(command, []) == 1
    assert "unknown model 'ImgDataPreproc'" in (error := capsys.readouterr().err)
    assert "did you mean 'ImgDataPreprocessor'?" in error


def test_another_key_error_stays_unexpected(capsys):
    def command(words):
        raise KeyError('missing')

    assert report_errors(command, []) == 1
    assert "KeyError: 'missing' (unexpected; --traceback shows where)" in capsys.readouterr().err


OWN = """from mmrobust.attacks import Attack

class Mine(Attack):
    how = 'key'

    def run(self, victim, pixels, goal, rng):
        if self.how == 'key':
            {}['oops']
        if self.how == 'torch':
            return pixels + pixels[..., :3]
        if self.how == 'value':
            raise ValueError('it is so')
        return {'none': None, 'array': pixels.numpy(), 'tuple': (pixels,)}[self.how]
"""


@pytest.mark.parametrize(
    ('how', 'told'),
    [
        (
            'key',
            "KeyError: 'oops' (own.py, line 8, in Mine.run; unexpected; --traceback shows where)",
        ),
        (
            'torch',
            'The size of tensor a (8) must match the size of tensor b (3) at non-singleton '
            'dimension 4 (own.py, line 10, in Mine.run)',
        ),
        ('value', 'it is so (own.py, line 12, in Mine.run)'),
        ('none', 'Mine.run() must return a tensor, got NoneType'),
        ('array', 'Mine.run() must return a tensor, got ndarray'),
        ('tuple', 'Mine.run() must return a tensor, got tuple'),
    ],
)
def test_an_error_in_code_of_the_users_is_placed_there(how, told, tmp_path, monkeypatch, capsys):
    (tmp_path / 'own.py').write_text(OWN)
    monkeypatch.chdir(tmp_path)
    space: dict[str, type[Attack]] = {}
    exec(compile(OWN, str(tmp_path / 'own.py'), 'exec'), space)
    space['Mine'].how = how
    pixels = torch.zeros(1, 3, 2, 8, 8)
    victim = FunctionVictim(lambda x: x.mean(dim=(2, 3, 4)))
    assert report_errors(lambda words: space['Mine']()(victim, pixels, torch.tensor([0])), []) == 1
    assert capsys.readouterr().err == f'error: {told}\n'


@pytest.mark.slow
def test_list_needs_neither_checkout_nor_other_packages_of_openmmlab(tmp_path):
    code = 'import sys; sys.modules.update(dict.fromkeys(("mmaction", "mmpose", "mmcv")))\n'
    code += 'from mmrobust.cli.main import main; main(["list"])'
    words = [sys.executable, '-W', 'ignore', '-c', code]
    printed = subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert '  me_sampler ' in printed


def test_a_type_of_a_registry_without_a_scope_is_told_likewise(capsys):
    from mmengine.registry import PARAM_SCHEDULERS, build_from_cfg

    def command(argv):
        build_from_cfg({'type': 'MultiStepLRR'}, PARAM_SCHEDULERS)

    def bare(argv):
        raise KeyError('Nope is not in the parameter scheduler registry. Please check whether')

    assert report_errors(command, []) == 1
    told = capsys.readouterr().err
    assert "error: unknown parameter scheduler 'MultiStepLRR' (looked for in" in told
    assert "did you mean 'MultiStepLR'" in told
    assert report_errors(bare, []) == 1
    assert "error: unknown parameter scheduler 'Nope' (looked for in" in capsys.readouterr().err
