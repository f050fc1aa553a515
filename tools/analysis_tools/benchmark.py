"""Print cost ratios measured in one run; see --help.

A ratio of two timings on the same machine, taken in turns, says more than
seconds: it is what the speed targets speak of.
"""

import argparse
import sys
from collections.abc import Callable

import benchmarks_chain
import benchmarks_corruptions
import benchmarks_flow
import benchmarks_overhead
import benchmarks_pose
import benchmarks_query
import benchmarks_saliency
import benchmarks_skeleton
import benchmarks_suite

SUITES: dict[str, Callable[[bool], None]] = {
    'chain': benchmarks_chain.run,
    'corruptions': benchmarks_corruptions.run,
    'flow': benchmarks_flow.run,
    'overhead': benchmarks_overhead.run,
    'pose': benchmarks_pose.run,
    'query': benchmarks_query.run,
    'saliency': benchmarks_saliency.run,
    'skeleton': benchmarks_skeleton.run,
    'suite': benchmarks_suite.run,
}


def main() -> int:
    """Run the suites that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('suites', nargs='+', choices=sorted(SUITES), help='what to measure')
    parser.add_argument('--quick', action='store_true', help='fewer repeats, smaller input')
    args = parser.parse_args()
    for suite in args.suites:
        SUITES[suite](args.quick)
    return 0


if __name__ == '__main__':
    sys.exit(main())
