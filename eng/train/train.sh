#!/usr/bin/env bash
# Makes both models, measures them and writes the goldens; needs Linux on x86-64, a CUDA GPU and Python with torch, numpy, regex,
# tokenizers and transformers. The corpus generator is built before, where .NET is, and may be carried to the GPU machine:
#
#     dotnet publish eng/train/corpus -c Release -r linux-x64 -o artifacts/corpus
#     eng/train/train.sh artifacts/corpus/malrule-corpus OUT
set -euo pipefail
corpus=$(realpath "$1"); out=$(mkdir -p "$2" && realpath "$2"); cd "$(dirname "$0")"
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_gcServer=0 DOTNET_PROCESSOR_COUNT=2 OMP_NUM_THREADS=2

python3 make_tokenizers.py --corpus "$corpus" --llm "$out/tokenizers/llm" --embedder "$out/tokenizers/embedder"
python3 train_embedder.py --corpus "$corpus" --tokenizer "$out/tokenizers/embedder" --out "$out/embedder" \
    --steps 1600 --workers 4 --invented 0.5 --dropped 0.1
python3 train_llm.py --corpus "$corpus" --tokenizer "$out/tokenizers/llm" --out "$out/llm" --tokens 1100e6 --workers 9 --compile
"$corpus" conversations --seed 500 --count 400 > "$out/calibration.jsonl"
python3 quantise_awq.py --model "$out/llm" --tokenizer "$out/tokenizers/llm" --calibration "$out/calibration.jsonl" \
    --out "$out/llm-awq" --log "$out/awq.jsonl"
cp "$out"/tokenizers/llm/*.json "$out/llm/"
for model in llm-awq llm; do
    python3 evaluate.py --corpus "$corpus" --llm "$out/$model" --embedder "$out/embedder" --out "$out/evaluation-$model.json"
done
python3 make_goldens.py --corpus "$corpus" --llm "$out/llm-awq" --embedder "$out/embedder" --out "$out/goldens"
