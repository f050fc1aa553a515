#!/usr/bin/env bash
# Attack with several processes: tools/dist_attack.sh CONFIG CHECKPOINT PROCESSES [options of attack.py]
set -euo pipefail
config=$1 checkpoint=$2 processes=$3
exec python -m torch.distributed.run --nproc_per_node="$processes" \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    "$(dirname "$0")/attack.py" "$config" "$checkpoint" --launcher pytorch "${@:4}"
