#!/usr/bin/env bash
# Attack on a Slurm cluster: GPUS=8 tools/slurm_attack.sh PARTITION JOB CONFIG CHECKPOINT [options]
set -euo pipefail
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
exec srun -p "$1" --job-name="$2" --gres="gpu:$((gpus < per_node ? gpus : per_node))" \
    --ntasks="$gpus" --ntasks-per-node="$((gpus < per_node ? gpus : per_node))" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
    python -u "$(dirname "$0")/attack.py" "$3" "$4" --launcher slurm "${@:5}"
