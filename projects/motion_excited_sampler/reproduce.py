"""The motion-excited sampler and its rivals: tables, curves and claims.

    python projects/motion_excited_sampler/reproduce.py --quick
    python projects/motion_excited_sampler/reproduce.py [--weizmann FOLDER]

Zhang, Zhu, Zhu, Yang 2020, arXiv:2003.07637, on the embedded videos and on clips
of the Weizmann set (FOLDER with the strips; people split as in
tools/data/prepare_weizmann.py), against a tiny I3D and a tiny TSN each. Everything
that is made stays under --work-dir; a run that was broken off goes on there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import torch  # noqa: E402

import mmrobust  # noqa: E402
from mmrobust.visualization.figures import Plot  # noqa: E402
from mmrobust.visualization.study import Study, write_study  # noqa: E402
from projects.motion_excited_sampler import tables  # noqa: E402
from projects.motion_excited_sampler.claims import Arms, claims  # noqa: E402
from projects.motion_excited_sampler.clips import Clips, mean_motion  # noqa: E402
from projects.motion_excited_sampler.figures import (  # noqa: E402
    cosine_plots,
    curves,
    noise_picture,
)
from projects.motion_excited_sampler.measure import Arm  # noqa: E402
from projects.motion_excited_sampler.runs import (  # noqa: E402
    Effort,
    Run,
    execute,
    planned,
    report,
    rows,
)
from projects.motion_excited_sampler.victims import VICTIMS, Victim, Workshop  # noqa: E402

# Victim -> its runs.
Plans = Mapping[str, Sequence[Run]]
QUICK = 'A quick run: every part once, far too little to decide anything.'


def effort(quick: bool, seeds: Sequence[int]) -> Effort:
    """How much is spent on a victim."""
    if quick:
        budgets = {'untargeted': 120, 'targeted': 90, 'cosine': 61}
        return Effort(dict.fromkeys(budgets, 3), 2, 0, budgets, seeds[:1])
    budgets = {'untargeted': 1000, 'targeted': 800, 'cosine': 301}
    return Effort({'untargeted': 8, 'targeted': 8, 'cosine': 12}, 3, 3, budgets, seeds)


def collected(runs: Sequence[Run], folder: Path) -> dict[str, Arms]:
    """Goal -> arm -> all seeds."""
    by_goal: dict[str, dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        by_goal[run.goal][run.arm].append(run)
    return {
        goal: {arm: _arm(of, folder) for arm, of in arms.items()} for goal, arms in by_goal.items()
    }


def _arm(runs: Sequence[Run], folder: Path) -> Arm:
    lines = {run.seed: rows(run, folder) for run in runs}
    return Arm(runs[0].budget, lines, {run.seed: report(run, folder)['query'] for run in runs})


def summary(
    victim: Victim, plans: Plans, folder: Path, workshop: Workshop
) -> tuple[str, list[Plot], list[tables.Row]]:
    """Text, figures and rows for one victim; the picture of the noise is written."""
    goals, clips = collected(plans[victim.name], folder), Clips(victim, workshop)
    still = collected(plans[victim.same_as], folder)['cosine'] if victim.same_as else None
    tried = sorted(goals['untargeted']['one_noise'].success)
    moving = sorted({*tried, *goals['cosine']['one_noise'].success})
    motion = mean_motion(clips, moving, folder / victim.name / 'motion.json')
    parts, plots, all_rows = [f'## {victim.name}'], [], []
    for goal in ('untargeted', 'targeted'):
        found = tables.table(goals[goal])
        budget = goals[goal]['one_noise'].budget
        parts.append(f'{goal}, eps {victim.eps[goal]:g}, {budget} queries at most\n')
        parts[-1] += '\n' + tables.markdown(found)
        plots += curves(f'{victim.name}, {goal}', goals[goal])
        all_rows += [{'victim': victim.name, 'goal': goal} | row for row in found]
    plots += cosine_plots(f'{victim.name}: gradient', goals['cosine'])
    if tried:
        most = max(tried, key=lambda video: motion[video])
        noise_picture(folder / victim.name / 'noise.png', clips[most])
    parts += [tables.same_as_one_noise(goals['untargeted'])]
    parts += [tables.started(goals[goal]) for goal in ('targeted', 'far') if goal in goals]
    parts.append(claims(goals, motion, still))
    return '\n\n'.join(parts), plots, all_rows


def page(path: Path, plots: Sequence[Plot], lines: Sequence[tables.Row], quick: bool) -> None:
    """All curves and all rows in one document."""
    attacked = f'{len({line["victim"] for line in lines})} victims, {len(lines)} attacks.'
    write_study(
        path,
        Study(
            title='Motion-excited sampler',
            kicker='Motion-excited sampler and rivals',
            verdict=QUICK if quick else attacked,
            tiles=[],
            rows=lines,
            note=tables.NOTE,
            plots=plots,
            blocks=[],
        ),
    )


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--quick', action='store_true', help='small enough for CI; proves nothing')
    parser.add_argument('--weizmann', type=Path, help='folder with the strips: 0, 1, 3, 4')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/motion_excited_sampler'))
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    args = parser.parse_args()
    mmrobust.compat.heal()
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '1')))
    work = args.work_dir.resolve()
    folder = work / ('quick' if args.quick else 'full')
    folder.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(work, args.weizmann and args.weizmann.resolve())
    chosen = [v for v in VICTIMS if v.data == 'synthetic' or args.weizmann]
    chosen = chosen[:1] if args.quick else chosen
    plans = {v.name: list(planned(v, effort(args.quick, args.seeds))) for v in chosen}
    began = time.perf_counter()
    execute([run for runs in plans.values() for run in runs], folder, workshop)
    parts, plots, lines = [QUICK] if args.quick else [], [], []
    for victim in chosen:
        text, drawn, found = summary(victim, plans, folder, workshop)
        parts.append(text)
        plots += drawn
        lines += found
    page(folder / 'results.html', plots, lines, args.quick)
    text = '\n\n'.join([*parts, tables.NOTE]) + '\n'
    (folder / 'results.md').write_text(text)
    print(f'\n{text}\n{(time.perf_counter() - began) / 60:.1f} minutes this time; {folder}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
