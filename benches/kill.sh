#!/usr/bin/env bash
# Kills fits at random moments and looks whether the last good checkpoint is left:
#   benches/kill.sh [KILLS] [DIABOLO]        200 kills of target/release/diabolo if left out
# A fit with a checkpoint every hundredth of a second is killed with -9 and resumed over and over. After every
# kill the checkpoint must load; in the end no temporary is left, and the model equals, byte for byte, that of
# a fit nobody touched.
set -euo pipefail
kills=${1:-200}
diabolo=$(realpath "${2:-"$(dirname "$0")/../target/release/diabolo"}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fit=("$diabolo" fit nmf digits --n-components 12 --tol 0 --seed 3 --save-every 0.01 --quiet)
full=(--max-iter 4000)
"${fit[@]}" "${full[@]}" --out whole

checked=0
for ((kill = 1; kill <= kills; kill++)); do
  "${fit[@]}" "${full[@]}" --out killed --resume &
  process=$!
  sleep "0.$(printf '%03d' $((RANDOM % 250 + 1)))"
  kill -9 "$process" 2>/dev/null || true
  wait "$process" 2>/dev/null || true
  if [ -f killed/checkpoint.safetensors ]; then
    # With one iteration allowed a resumed fit has nothing left to do: it reads the checkpoint and ends. In a
    # copy, so that what the kill left stays as it is.
    rm -rf copy && cp -r killed copy
    "${fit[@]}" --max-iter 1 --out copy --resume || { echo "kill $kill left a bad checkpoint"; exit 1; }
    checked=$((checked + 1))
  fi
done

"${fit[@]}" "${full[@]}" --out killed --resume
cmp killed/model.safetensors whole/model.safetensors
if compgen -G "killed/.*.tmp" >/dev/null; then echo "temporaries are left"; exit 1; fi
echo "$kills kills, $checked checkpoints loaded, the model is the same to the byte"
