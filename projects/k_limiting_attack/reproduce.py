"""K-limiting attacks on small pose estimators: the slides' tables, curves and claims.

    python projects/k_limiting_attack/reproduce.py --quick
    python projects/k_limiting_attack/reproduce.py [--mouse FOLDER]

"Explainable K-limiting Relational Adversarial Attack on Coordinate Regression"
(slides), on three heads on one backbone: heatmaps, SimCC, regression; on the
embedded figures and, with FOLDER (``data/mirror-mouse-example`` of
lightning-pose), on real frames of a mouse. Victims are trained where there are
none. Everything that is made stays under --work-dir; a run that was broken off
goes on there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import torch  # noqa: E402

import mmrobust  # noqa: E402
from mmrobust.evaluation.claims import table  # noqa: E402
from mmrobust.visualization.figures import Plot  # noqa: E402
from mmrobust.visualization.study import Study, write_study  # noqa: E402
from projects.k_limiting_attack import claims, figures, tables  # noqa: E402
from projects.k_limiting_attack.arms import attack  # noqa: E402
from projects.k_limiting_attack.baseline import mean_pose  # noqa: E402
from projects.k_limiting_attack.claims import Results  # noqa: E402
from projects.k_limiting_attack.runs import (  # noqa: E402
    Effort,
    Run,
    card,
    execute,
    measured,
    planned,
)
from projects.k_limiting_attack.sheet import Sheet  # noqa: E402
from projects.k_limiting_attack.victims import Victim, Workshop, chosen  # noqa: E402

QUICK = 'A quick run: one victim after a minute of training, few samples. It proves nothing.'


def effort(quick: bool) -> Effort:
    """How much is spent on a victim."""
    if quick:
        return Effort(samples=3, steps=4, eps=8, curve=(8,), pictures=1)
    return Effort(samples=50, steps=20, eps=8, curve=(1, 2, 4, 8), pictures=3)


def collected(runs: Sequence[Run], folder: Path) -> Results:
    """What all runs on one victim found."""
    found = {run: measured(run, folder) for run in runs}
    return Results(
        {(run.goal, run.norm, run.arm): s for run, s in found.items() if not run.curve},
        {(run.arm, run.eps): s for run, s in found.items() if run.curve},
        runs[0].victim.within,
    )


def sight(run: Run, found: Results, folder: Path, workshop: Workshop) -> str:
    """What the victim of a run is, and how well it does."""
    victim = run.victim
    options = list(workshop.overrides(victim))
    blind = mean_pose(victim.config, options, run.effort.samples, victim.within)
    size = f'{workshop.parameters(victim) / 1e6:.2f} M parameters, trained from scratch.'
    return f'{size} {tables.clean(found, card(run, folder), blind)}'


def summary(victim: Victim, found: Results, spent: Effort, seen: str) -> str:
    """The tables and claims of one victim."""
    budget = f'budget: RMSE {spent.eps:g}, at most {spent.steps} steps'
    verdicts = claims.claims(found)
    counts = Counter(claim.verdict for claim in verdicts)
    return '\n\n'.join(
        [
            f'## {victim.name}',
            seen,
            f'Untargeted; {budget}',
            tables.untargeted(found),
            f'Targeted; {budget}',
            tables.targeted(found),
            f'PCK@{found.within:g} and error, %, over eps of l_inf (noise: its RMSE); all steps '
            'are taken',
            tables.curve(found),
            table(verdicts),
            ', '.join(f'{verdict}: {count}' for verdict, count in counts.items()),
        ]
    )


def contact_sheet(
    victim: Victim, found: Results, spent: Effort, folder: Path, workshop: Workshop
) -> None:
    """Some samples of KAA+ER, fooled ones first; drawn once per run."""
    path = folder / victim.name / 'contact_sheet.png'
    made = folder / victim.name / 'untargeted_linf_er' / 'plan.json'
    if path.exists() and path.stat().st_mtime >= made.stat().st_mtime:
        return
    tried = found.arms['untargeted', 'linf', 'er']
    order = sorted(tried, key=lambda index: (not tried[index].success, index))
    # Without a sample that was worth an attack, what the victim sees at all.
    indices = order[: spent.pictures] or range(spent.pictures)
    targets = {goal: workshop.target(goal) for goal in victim.targets}
    attacks = {
        goal: (
            attack(
                'er',
                'linf',
                goal,
                rmse=spent.eps,
                values=victim.values,
                steps=spent.steps,
                stop=True,
            ),
            target,
        )
        for goal, target in {'untargeted': None, **targets}.items()
    }
    checkpoint = workshop.checkpoint(victim)
    Sheet(victim.config, checkpoint, workshop.overrides(victim), indices).write(path, attacks)


def conclude(
    results: Mapping[Victim, Results],
    seen: Mapping[Victim, str],
    spent: Effort,
    folder: Path,
    quick: bool,
) -> str:
    """The whole text; the page with all figures is written."""
    parts: list[str] = [QUICK] if quick else []
    plots: list[Plot] = []
    rows: list[tables.Row] = []
    for data in dict.fromkeys(victim.data for victim in results):
        heads = {victim.head: of for victim, of in results.items() if victim.data == data}
        for victim, found in results.items():
            if victim.data == data:
                parts.append(summary(victim, found, spent, seen[victim]))
                plots += figures.arms(victim.name, found)
                rows += tables.rows(victim.name, found)
        if len(heads) > 1:
            parts += [f'## Heads on {data}', table(claims.heads(heads))]
            plots += figures.heads(data, heads)
    verdict = QUICK if quick else f'{len(results)} victims, {len(rows)} attacks.'
    page = Study('K-limiting attack', 'KAA and KAA+ER', verdict, [], rows, tables.NOTE, plots, [])
    write_study(folder / 'results.html', page)
    return '\n\n'.join([*parts, tables.NOTE]) + '\n'


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--quick', action='store_true', help='small enough for CI; proves nothing')
    parser.add_argument('--mouse', type=Path, help='folder with CollectedData.csv')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/k_limiting_attack'))
    args = parser.parse_args()
    mmrobust.compat.heal()
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '1')))
    folder = args.work_dir.resolve() / ('quick' if args.quick else 'full')
    folder.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(folder, args.mouse and args.mouse.resolve(), args.quick)
    workshop.prepare()
    spent = effort(args.quick)
    plans = {v: list(planned(v, spent)) for v in chosen(args.quick, args.mouse is not None)}
    began = time.perf_counter()
    execute([run for runs in plans.values() for run in runs], folder, workshop)
    results = {victim: collected(runs, folder) for victim, runs in plans.items()}
    for victim, found in results.items():
        contact_sheet(victim, found, spent, folder, workshop)
    seen = {v: sight(plans[v][0], found, folder, workshop) for v, found in results.items()}
    text = conclude(results, seen, spent, folder, args.quick)
    (folder / 'results.md').write_text(text)
    minutes = (time.perf_counter() - began) / 60
    print(f'\n{text}\n{minutes:.1f} minutes this time; {folder}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
