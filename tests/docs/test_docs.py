"""README and docs say what is there: commands, options, paths, names, messages."""

import ast
import importlib
import importlib.util
import inspect
import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config

import mmrobust
from mmrobust.cli import attack as attack_command
from mmrobust.cli import card as card_command
from mmrobust.cli import corrupt as corrupt_command
from mmrobust.cli import curve as curve_command
from mmrobust.cli import explain as explain_command
from mmrobust.cli import figures as figures_command
from mmrobust.cli import study as study_command
from mmrobust.cli import sweep as sweep_command
from mmrobust.cli import table as table_command
from mmrobust.cli import train as train_command
from mmrobust.cli import transfer as transfer_command
from mmrobust.cli import verify as verify_command
from mmrobust.cli.main import COMMANDS
from mmrobust.cli.options import parse_options
from mmrobust.datasets import SyntheticVideoDataset
from mmrobust.engine import AttackHook
from mmrobust.engine.settings import RunSettings
from mmrobust.io.video import write_lossless
from mmrobust.registry import (
    ATTACKS,
    DATASETS,
    FLOWS,
    GOALS,
    HOOKS,
    METRICS,
    MODELS,
    THREATS,
    TRANSFORMS,
)
from mmrobust.threats import L2, Linf
from mmrobust.victims import (
    ActionVictim,
    CascadeVictim,
    FunctionVictim,
    FusedSkeletonVictim,
    PoseVictim,
    SkeletonVictim,
)
from tests.conftest import ROOT

REGISTRIES = (ATTACKS, DATASETS, FLOWS, HOOKS, METRICS, MODELS, TRANSFORMS)

DOCS = ROOT / 'docs'
README = ROOT / 'README.md'
# Pages outside of docs/, whose links start at the root.
TOP = ('README.md', 'CONTRIBUTING.md', 'CHANGELOG.md')
PATHS = [*(ROOT / name for name in TOP), *DOCS.glob('*.md')]
PAGES = {path.name: path.read_text(encoding='utf-8') for path in PATHS}
STOCK = Path(importlib.util.find_spec('mmaction').origin).parent / '.mim'
DEMO = 'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py'
# Of pip and torchrun.
FOREIGN = {'--no-deps', '--no-build-isolation', '--nproc-per-node'}
page = pytest.mark.parametrize('text', PAGES.values(), ids=PAGES)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf'^```{language}\n(.*?)^```$', text, flags=re.M | re.S)


def prose(text: str) -> str:
    return re.sub(r'^```.*?^```$', '', text, flags=re.M | re.S)


def inline(text: str) -> list[str]:
    """What stands between backticks outside code blocks."""
    return re.findall(r'`([^`\n]+)`', prose(text))


def commands(text: str) -> list[list[str]]:
    lines = [line for b in blocks(text, 'bash') for line in b.replace('\\\n', ' ').splitlines()]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.fixture(autouse=True)
def _examples_are_forgotten(monkeypatch):
    """Whatever a test registers of docs/examples is there for that test alone."""
    monkeypatch.setattr(sys, 'path', list(sys.path))
    yield
    names = {path.stem for path in (DOCS / 'examples').glob('*.py')}
    for registry in (ATTACKS, THREATS, GOALS):
        for name, cls in list(registry.module_dict.items()):
            if cls.__module__ in names:
                registry.module_dict.pop(name)
    for name in names & set(sys.modules):
        del sys.modules[name]


@pytest.fixture
def bim(monkeypatch):
    """The example of docs/writing_an_attack.md, registered for one test."""
    monkeypatch.syspath_prepend(str(DOCS / 'examples'))
    return importlib.import_module('bim').BIM


VICTIMS = (ActionVictim, CascadeVictim, FusedSkeletonVictim, PoseVictim, SkeletonVictim)
VICTIM_OPTIONS = {n for v in VICTIMS for n in inspect.signature(v).parameters}


@pytest.fixture(scope='module')
def generated():
    """The module that writes the pages for attacks and packages."""
    path = DOCS / '_ext' / 'generated_pages.py'
    spec = importlib.util.spec_from_file_location('generated_pages', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- commands -------------------------------------------------------------------------


def options_build(arguments: list[str]) -> None:
    """The arguments of attack.py parse, and name an attack that can be built."""
    filled = [{'CONFIG': DEMO, 'CHECKPOINT': 'any.pth'}.get(word, word) for word in arguments]
    args = attack_command.parser().read(filled)
    # Files of the reader's own.
    args.input = args.boxes = None
    cfg = attack_command.build_config(args)
    ATTACKS.build(cfg.test_cfg.attack.to_dict())
    assert set(cfg.test_cfg.victim) < VICTIM_OPTIONS


def stock_script_runs(script: str, arguments: list[str]) -> None:
    """MMAction2 has the script and its arguments, and the hook can be built."""
    source = (STOCK / script).read_text()
    for word in arguments:
        assert not word.startswith('--') or f"'{word}'" in source
    if '--cfg-options' in arguments:
        given = arguments[arguments.index('--cfg-options') + 1 :]
        cfg = Config({'default_hooks': {}})
        cfg.merge_from_dict(parse_options(given))
        hook_builds(cfg.default_hooks.attack.to_dict())


def hook_builds(cfg: dict) -> None:
    hook = HOOKS.build(cfg)
    if not isinstance(hook, AttackHook):
        return
    ATTACKS.build(hook.attack)
    RunSettings.from_config(hook.settings)
    assert set(hook.victim or {}) < VICTIM_OPTIONS


PARSERS = {
    'tools/analysis_tools/verify_adv.py': verify_command.parser(),
    'tools/corrupt.py': corrupt_command.parser(),
    'tools/curve.py': curve_command.parser(),
    'tools/explain.py': explain_command.parser(),
    'tools/figures.py': figures_command.parser(),
    'tools/robustness.py': card_command.parser(),
    'tools/study.py': study_command.parser(),
    'tools/sweep.py': sweep_command.parser(),
    'tools/table.py': table_command.parser(),
    'tools/train.py': train_command.parser(),
    'tools/transfer.py': transfer_command.parser(),
}


def check_command(words: list[str]) -> None:
    line = ' '.join(words)
    if words[0] == 'make':
        assert re.search(rf'^{words[1]}:', (ROOT / 'Makefile').read_text(), flags=re.M), line
    elif words[0] == 'mmrobust':
        module = importlib.import_module(COMMANDS[words[1]][0])
        if len(words) > 2:
            module.parser().parse_args(words[2:])
    elif 'mmrobust.compat' in words:
        start = words.index('mmrobust.compat') + 1
        stock_script_runs(words[start], words[start + 1 :])
    elif 'tools/attack.py' in words:
        options_build(words[words.index('tools/attack.py') + 1 :])
    elif words[0] == 'python' and words[1] in PARSERS:
        PARSERS[words[1]].parse_args(words[2:])
    elif words[0] == 'python' and words[1].startswith(('tools/data/', 'tools/analysis_tools/')):
        source = (ROOT / words[1]).read_text()
        assert all(f"'{word}'" in source for word in words[2:] if word.startswith('--')), line
    else:
        # Its paths are checked with all others.
        foreign = words[0] == 'pre-commit' or words[:2] == ['pip', 'install']
        assert 'pytest' in words or foreign, line


@page
def test_commands_run(text, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(DOCS / 'examples'))  # PYTHONPATH of some
    for words in commands(text):
        check_command(words)


@page
def test_flags_exist(text):
    parsers = attack_command.parser(), *PARSERS.values()
    known = {flag for p in parsers for flag in p._option_string_actions} | FOREIGN
    known |= {'--launcher', '--version'}  # the latter of mmrobust itself
    assert set(re.findall(r'(?<!\w)--[a-z][a-z-]+', prose(text))) <= known


def test_every_argument_is_explained():
    options = attack_command.parser()._option_string_actions
    for flag in options:
        if flag not in ('-h', '--help', '--local_rank', '--local-rank'):
            assert f'`{flag}`' in PAGES['quickstart.md'], flag


@page
def test_config_keys_exist(text):
    def names(registry):
        classes = registry.everything().values()
        return {name for cls in classes for name in inspect.signature(cls).parameters}

    known = {
        'attack': names(ATTACKS) | names(THREATS) | names(GOALS) | {'type'},
        'victim': VICTIM_OPTIONS,
        'settings': set(inspect.signature(RunSettings).parameters),
    }
    for noun, rest in re.findall(r'`(attack|victim|settings)((?:\.[a-z_]+)+)[=`]', text):
        assert set(rest.strip('.').split('.')) <= known[noun], noun + rest


# --- code -----------------------------------------------------------------------------


def test_python_code_of_the_readme_runs(capsys, monkeypatch, tmp_path):
    (code,) = [block for block in blocks(PAGES['README.md'], 'python') if 'import' in block]
    assert code.strip() in PAGES['python.md']
    dataset = SyntheticVideoDataset(num_videos=2, split='test', pipeline=[], test_mode=True)
    for index in range(2):
        write_lossless(tmp_path / f'{index}.mkv', dataset.frames(index), 25)
    monkeypatch.chdir(ROOT)
    exec(compile(code.replace("'clips/'", repr(str(tmp_path))), 'README.md', 'exec'), {})
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ['True'] * 2


def test_python_code_of_a_plain_function_runs(capsys):
    (code,) = [block for block in blocks(PAGES['python.md'], 'python') if 'import torch' in block]
    exec(compile(code, 'python.md', 'exec'), {})
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ['True'] * 2


def test_python_code_of_the_worked_example_runs(bim, capsys):
    (code,) = [b for b in blocks(PAGES['writing_an_attack.md'], 'python') if 'import bim' in b]
    exec(compile(code, 'writing_an_attack.md', 'exec'), {})
    assert 'True' in capsys.readouterr().out


@page
def test_config_snippets_build(text, bim):
    for block in blocks(text, 'python'):
        for node in ast.parse(block).body:
            if isinstance(node, ast.Assign) and node.targets[0].id in ('attack', 'custom_hooks'):
                if isinstance(node.value, ast.List):
                    for hook in eval(ast.unparse(node.value)):
                        hook_builds(hook)
                elif ast.unparse(node.value).startswith('dict('):
                    ATTACKS.build(eval(ast.unparse(node.value)))


def test_worked_example_keeps_the_contract(bim, monkeypatch):
    # A part of it; the page says how to run the whole.
    monkeypatch.syspath_prepend(str(ROOT / 'tests' / 'attacks'))
    toys = importlib.import_module('toys')
    for case in toys.CASES.values():
        pixels = toys.clips(3, low=0, high=256).to(torch.uint8)
        victim = FunctionVictim(toys.ConvNet().eval())
        labels = toys.predicted(victim, pixels.float())
        for outcome, clean in zip(
            toys.build(bim, case.threat)(victim, pixels, labels), pixels, strict=True
        ):
            assert outcome.attacked
            case.check(outcome.adversarial.double() - clean.double())


@pytest.mark.parametrize('threat', [Linf(8), L2(100)], ids=['linf', 'l2'])
def test_worked_example_is_pgd_without_its_random_start(bim, threat, monkeypatch):
    from mmrobust.attacks.pgd import PGD

    monkeypatch.syspath_prepend(str(ROOT / 'tests' / 'attacks'))
    toys = importlib.import_module('toys')
    victim, pixels = FunctionVictim(toys.ConvNet().eval()), toys.clips(2)
    victim.function.double()
    labels = toys.predicted(victim, pixels)
    same = PGD(threat=threat, steps=4, step_size=0.25, random_start=False, early_stop=False)
    ours = bim(threat=threat, steps=4)(victim, pixels, labels)
    for one, other in zip(ours, same(victim, pixels, labels), strict=True):
        assert torch.equal(one.adversarial, other.adversarial)


# --- names and paths ------------------------------------------------------------------


@page
def test_paths_exist(text):
    folders = 'tools|configs|docs|tests|mmrobust|requirements'
    for path in re.findall(rf'(?<![\w/.])((?:{folders})/[\w./-]*\w)', text):
        known = (ROOT / path).exists() or (STOCK / path).exists()
        assert known or path.startswith('docs/_build'), path


@page
def test_no_path_of_a_machine(text):
    assert not re.search(r'(?<![\w.])/(work|home|root|opt|tmp|usr)/', text)


def slugs(text: str) -> set[str]:
    headings = re.findall(r'^#+ (.+)$', prose(text), flags=re.M)
    return {re.sub(r'[^\w -]', '', h.lower()).replace(' ', '-') for h in headings}


@page
def test_links_lead_somewhere(text, generated):
    folder = ROOT if text in [PAGES[name] for name in TOP] else DOCS
    # Written when the documentation is built.
    written = {f'attacks/{name}.md' for name in generated.attack_classes()}
    for target in re.findall(r'\]\(([^)]+)\)', prose(text)):
        path, _, anchor = target.partition('#')
        if path.startswith('https://'):
            continue
        assert path in written or (folder / path).is_file(), target
        assert not anchor or anchor in slugs(PAGES[Path(path).name]), target


@page
def test_names_exist(text):
    found = re.findall(r'\bmmrobust(?:\.\w+)+', text)
    for name in found:
        head, _, tail = name.rpartition('.')
        registered = any(registry.get(tail) for registry in REGISTRIES)
        if not registered and importlib.util.find_spec(head):
            module = importlib.import_module(head)
            assert hasattr(module, tail) or importlib.util.find_spec(name), name


# --- what follows the code ------------------------------------------------------------


def test_every_attack_has_a_page(generated):
    pages = generated.pages()
    classes = generated.attack_classes()
    assert set(classes) >= {'FGSM', 'MIFGSM', 'PGD'}
    for name, cls in classes.items():
        text = pages[f'attacks/{name}.md']
        assert f'{cls.__module__}.{cls.__name__}' in text
        assert cls.__doc__, name
    assert 'attacks/*' in PAGES['attacks.md']


def test_the_defaults_on_an_attacks_page_are_its_own(generated):
    for cls in generated.attack_classes().values():
        scope: dict = {}
        exec(generated.default_config(cls), scope)
        try:
            expected = cls()
        except TypeError:  # it has options without a default
            expected = cls(**cls.example)
        assert ATTACKS.build(scope['attack']).describe() == expected.describe()


def test_every_threat_goal_and_module_is_in_the_reference(generated):
    pages = generated.pages()
    for noun, registry in (('threats', THREATS), ('goals', GOALS)):
        assert f'_generated/{noun}.md' in PAGES[f'{noun}.md']
        for cls in registry.everything().values():
            assert cls.__module__ in pages[f'_generated/{noun}.md']
    everything = '\n'.join(pages.values())
    for path in (ROOT / 'mmrobust').rglob('*.py'):
        module = '.'.join(path.relative_to(ROOT).with_suffix('').parts)
        if '._' not in module and '.mim' not in str(path) and not module.endswith('.version'):
            assert f'automodule:: {module}\n' in everything, module


def function(path: str, name: str) -> ast.AST:
    tree = ast.parse((ROOT / 'mmrobust' / path).read_text())
    return next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name)


def returned_keys(path: str, name: str) -> list[str]:
    """Keys of the dictionaries that a function returns, outermost level."""
    found = []
    for node in ast.walk(function(path, name)):
        if isinstance(node, ast.Return):
            parts = [node.value]
            while parts:
                part = parts.pop()
                if isinstance(part, ast.BinOp):
                    parts += [part.left, part.right]
                elif isinstance(part, ast.Dict):
                    found += [key.value for key in part.keys if isinstance(key, ast.Constant)]
    assert found
    return found


def test_files_are_described_key_by_key():
    _, card, rows = re.split(r'^## report\.json|^## results\.jsonl', PAGES['engine.md'], flags=re.M)
    wanted = returned_keys('engine/artifacts.py', 'card')
    wanted += returned_keys('evaluation/summary.py', 'summarize')
    assert set(wanted) <= set(re.findall(r'`(\w+)`', card))
    wanted = returned_keys('ledger/rows.py', 'sample_row')
    wanted += ['label', 'video', 'sha256', 'preview', 'amplified', 'evaluator', 'run', 'file']
    scored = ('prediction', 'correct', 'confidence')
    wanted += [f'{side}_{name}' for side in ('clean', 'adversarial') for name in scored]
    poses = ('joints', 'pck', 'oks', 'error', 'joint_errors', 'persons_right', 'poses')
    wanted += [f'{side}_{name}' for side in ('clean', 'adversarial') for name in poses]
    wanted += ['displacement', 'joints_moved', 'joints_vanished', 'target_error', 'target_joints']
    wanted += ['clean_target_error']
    wanted += ['joint_displacements', 'joint_vanished', 'persons', 'by_person', 'picture']
    wanted += [
        f'{side}_{name}' for side in ('clean', 'adversarial') for name in ('places', 'mpjpe')
    ]
    wanted += ['shift', 'joint_shifts']
    keys = re.findall(r'^\| (`[^|]+) \|', rows, flags=re.M)
    assert set(re.findall(r'`(\w+)`', ' '.join(keys))) == set(wanted)


def test_settings_and_their_defaults():
    for name, parameter in inspect.signature(RunSettings).parameters.items():
        default = {'max_samples': 'all'}.get(name, parameter.default)
        row = rf'^\| `settings\.{name}` \|.*\| {default} \|$'
        assert re.search(row, PAGES['engine.md'], flags=re.M), name


def test_every_flag_is_explained():
    # Apart, as what ends one file is no part of the next.
    source = '\n\n\n'.join(p.read_text() for p in (ROOT / 'mmrobust').rglob('*.py'))
    # Where one is raised: flag('x'), flags.add('x'), flags=('x',), flags['x'], return {'x'},
    # and return ('x',) of what a loaded file is like.
    place = r'(?:\.flag\(|flags(?:\[\w+\])?\.add\(|flags=\(|flags\[|return \((?=\'\w+\',\) if))'
    raised = set(re.findall(place + r"\s*'(\w+)'", source)) | {'unchanged'}
    for body in re.findall(r'def flags\(self.*?(?=\n    def |\n\n\n|\Z)', source, flags=re.S):
        for literal in (r"(?:\{|,|^)\s*'(\w+)':", r"\{'(\w+)'\}"):
            raised |= set(re.findall(literal, body, flags=re.M))
    raised |= set(re.findall(r"^FLAG = '(\w+)'", source, flags=re.M))
    explained = set(re.findall(r'^\| `(\w+)` \|', PAGES['concepts.md'].split('## Flags')[1], re.M))
    assert raised == explained


def test_error_lines_are_those_of_the_code():
    constants = []
    for path in (ROOT / 'mmrobust').rglob('*.py'):
        if '.mim' not in path.parts:
            tree = ast.parse(path.read_text())
            constants += [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    texts = [text for text in constants if isinstance(text, str)]
    for cell in re.findall(r'^\| (`.+?`) \|', PAGES['troubleshooting.md'], flags=re.M):
        for line in re.findall(r'`([^`]+)`', cell):
            for part in re.split('…|, got| must be |(?<=unknown) attack', line):
                wanted = part.strip(' :')
                assert any(wanted in text for text in texts), (line, wanted)


def test_readme_is_short_and_its_pictures_light():
    assert PAGES['README.md'].count('\n') < 150
    assert (DOCS / 'images' / 'preview.png').stat().st_size < 150_000
    assert (DOCS / 'images' / 'report.png').stat().st_size < 300_000


def test_citation_has_the_version():
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert citation['version'] == mmrobust.__version__
    assert citation['license'] == 'Apache-2.0'


def test_every_error_has_a_name_of_its_own():
    # References go by the name alone, and a reader who meets one looks for it by name.
    found: dict[str, list[str]] = {}
    for path in (ROOT / 'mmrobust').rglob('*.py'):
        if '.mim' not in path.parts:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef) and node.name.endswith('Error'):
                    found.setdefault(node.name, []).append(path.name)
    assert 'UnknownTransformError' in found
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}


# --- the architecture -----------------------------------------------------------------

OPENMMLAB = ('mmengine', 'mmaction', 'mmcv', 'mmdet', 'mmpose', 'mmpretrain')


def imported(path: Path) -> set[str]:
    """The top packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split('.')[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or '').split('.')[0])
    return found


def test_algorithms_know_nothing_of_openmmlab():
    said = re.search(r'^((?:`\w+`(?:,| and)\s)+`\w+`)\s*import no', PAGES['architecture.md'], re.M)
    folders = re.findall(r'`(\w+)`', said[1])
    assert {'attacks', 'functional', 'goals', 'threats'} < set(folders)
    for folder in folders:
        for path in (ROOT / 'mmrobust' / folder).rglob('*.py'):
            assert not imported(path) & set(OPENMMLAB), path


def test_every_folder_is_in_the_architecture():
    table = re.findall(r'^\| (`.*?) \|', PAGES['architecture.md'], flags=re.M)
    told = set(re.findall(r'`(\w+)`', ' '.join(table)))
    here = {path.name for path in (ROOT / 'mmrobust').iterdir() if path.is_dir()}
    assert told == here - {'__pycache__', '.mim'}
    picture = (DOCS / 'images' / 'architecture.svg').read_text()
    drawn = re.findall(r'<text class="code right"[^>]*>([^<]*)/<', picture)
    assert set('/ '.join(drawn).split('/ ')) < here


# --- habits ---------------------------------------------------------------------------


def workflow(name: str) -> dict:
    return yaml.safe_load((ROOT / '.github' / 'workflows' / f'{name}.yml').read_text())


def test_workflow_runs_the_tests():
    job = workflow('test')['jobs']['test']
    assert job['steps'][-1]['run'] == 'make test'


def test_release_needs_the_tested_wheel_and_the_version_as_tag():
    jobs = workflow('release')['jobs']
    lines = '\n'.join(step.get('run', '') for step in jobs['build']['steps'])
    for needed in ('GITHUB_REF_NAME', 'mmrobust.__version__', 'MMROBUST_WHEEL', 'CHANGELOG.md'):
        assert needed in lines
    assert jobs['publish']['needs'] == 'build'


def test_versions_that_are_promised_are_run():
    told = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    tried = workflow('test')['jobs']['versions']['strategy']['matrix']['include']
    pinned = re.search(r'^torch==(.+)$', (ROOT / 'requirements/runtime.txt').read_text(), re.M)[1]
    prefix = 'Programming Language :: Python :: 3.'
    minors = {line.removeprefix(prefix) for line in told['classifiers'] if line.startswith(prefix)}
    assert {row['python'] for row in tried} == {f'3.{minor}' for minor in minors}
    lowest = min((tuple(map(int, row['torch'].split('.'))) for row in tried), default=())
    (asked,) = [line for line in told['dependencies'] if line.startswith('torch')]
    assert asked == f'torch>={lowest[0]}.{lowest[1]}'
    assert max(tuple(map(int, row['torch'].split('.'))) for row in tried) >= tuple(
        map(int, pinned.split('.'))
    )


def test_hooks_before_a_commit_are_those_of_lint():
    hooks = yaml.safe_load((ROOT / '.pre-commit-config.yaml').read_text())['repos'][0]['hooks']
    entries = ' '.join(hook['entry'] for hook in hooks)
    makefile = (ROOT / 'Makefile').read_text()
    for command in ('ruff check', 'ruff format', 'mypy mmrobust tools projects/*/*.py'):
        assert f'.venv/bin/{command}' in entries
        assert f'$(BIN)/{command}' in makefile
