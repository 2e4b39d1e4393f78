"""Measures the LLM with the embedder on prompts of whole banks, as the miner builds them.

    python3 evaluate.py --corpus path/to/malrule-corpus --llm DIR --embedder DIR --out FILE.json

Greedy: share of answers that are the right misconception's name or one of its paraphrases, and MAP@25 of the embedder's ranking of
the catalogue. Sampled: 10 answers at temperature 0.7, MAP@25 of the mean cosine. Groups: seen and unseen in the demonstrations' pool,
and misconceptions kept out of all training.
"""
import argparse
import json
import os
import random
import shlex
import time

import torch

from bert import Bert
from checkpoints import dequantised, load_tensors, read_config
from qwen2 import Qwen2
from ranking import average_precision, catalogue_of
from rows import conversations
from tokenisation import ChatTokenizer, WordPieceTokenizer

BANKS = {"bank": ["--seed", "1"], "fresh bank": ["--seed", "2"], "held-out wordings": ["--seed", "1", "--held-out"],
         "kept-out shown": ["--seed", "1", "--label-kept-out"]}
SAMPLES = 10


def load_llm(folder, device):
    model = Qwen2(read_config(folder))
    model.load_state_dict(dequantised(load_tensors(os.path.join(folder, "model.safetensors"))))
    return model.to(device).eval()


def load_embedder(folder, device):
    model = Bert(read_config(folder))
    model.load_state_dict({name: value.float() for name, value in load_tensors(os.path.join(folder, "model.safetensors")).items()})
    return model.to(device).eval()


def answer(model, tokenizer, prompts, temperature, size):
    """Texts in the order of the prompts; those of like length share a batch."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    out = [None] * len(prompts)
    for i in range(0, len(order), size):
        part = order[i:i + size]
        for place, ids in zip(part, model.generate([prompts[j] for j in part], 48, tokenizer.end, tokenizer.pad, temperature, i + 1)):
            out[place] = tokenizer.decode(ids).strip()
    return out


def mean(values):
    return round(float(torch.as_tensor(values, dtype=torch.float32).mean()), 4) if len(values) else None


def interval(values, groups, seed=1):
    """95 % bootstrap interval of the mean, drawn over questions."""
    chance, keys = random.Random(seed), sorted(set(groups))
    members = {k: [float(v) for v, g in zip(values, groups) if g == k] for k in keys}
    sums, means = [(sum(members[k]), len(members[k])) for k in keys], []
    for _ in range(1000):
        drawn = chance.choices(sums, k=len(sums))
        means.append(sum(s for s, _ in drawn) / sum(n for _, n in drawn))
    means.sort()
    return [round(means[24], 4), round(means[974], 4)]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--corpus", required=True)
    p.add_argument("--llm", required=True)
    p.add_argument("--embedder", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--banks", nargs="*", default=list(BANKS))
    p.add_argument("--questions", type=int, default=600)
    p.add_argument("--samples", type=int, default=SAMPLES)
    p.add_argument("--size", type=int, default=1500, help="sequences a batch")
    a = p.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    begun, corpus = time.time(), shlex.split(a.corpus)
    tokenizer, pieces = ChatTokenizer.load(a.llm), WordPieceTokenizer.load(a.embedder)
    model, embedder = load_llm(a.llm, device), load_embedder(a.embedder, device)
    catalogue = catalogue_of(corpus)
    place = {m["id"]: i for i, m in enumerate(catalogue)}
    meanings = [{m["name"], *m["paraphrases"]} for m in catalogue]
    names = embedder.embed([m["name"] for m in catalogue], pieces)
    result = {}
    for bank in a.banks:
        lines = list(conversations([*corpus, "prompts", "--questions", str(a.questions), *BANKS[bank]]))
        prompts = [tokenizer.chat(line["messages"], prompt=True)[0] for line in lines]
        gold = torch.tensor([place[line["misconception"]] for line in lines])
        groups = [line["group"] for line in lines]
        questions = [line["id"].rsplit("_", 1)[0] for line in lines]
        greedy = answer(model, tokenizer, prompts, 0.0, a.size)
        exact = torch.tensor([text in meanings[g] for text, g in zip(greedy, gold.tolist())]).float()
        ranked = average_precision((embedder.embed(greedy, pieces) @ names.T).cpu(), gold)
        columns = {"greedy_exact": exact, "greedy_map@25": ranked}
        if a.samples:
            texts = answer(model, tokenizer, [q for q in prompts for _ in range(a.samples)], 0.7, a.size)
            scores = (embedder.embed(texts, pieces) @ names.T).view(len(lines), a.samples, -1).mean(1)
            columns[f"sampled{a.samples}_map@25"] = average_precision(scores.cpu(), gold)
        result[bank] = {"prompt_tokens": {"mean": mean([len(q) for q in prompts]), "longest": max(map(len, prompts))}}
        for group in ("seen", "unseen", "kept-out", "trained"):
            chosen = [i for i, g in enumerate(groups) if g == group or group == "trained" and g != "kept-out"]
            if chosen:
                result[bank][group] = {"distractors": len(chosen), **{
                    n: {"mean": mean(v[chosen]), "interval": interval(v[chosen].tolist(), [questions[i] for i in chosen])}
                    for n, v in columns.items()}}
        result[bank]["wrong_examples"] = [
            {"gold": catalogue[gold[i]]["name"], "greedy": greedy[i], "group": groups[i], "turn": lines[i]["messages"][-1]["content"][-220:]}
            for i in range(len(lines)) if not exact[i]][:12]
        print(bank, {g: {n: v["mean"] for n, v in r.items() if n != "distractors"} for g, r in result[bank].items()
                     if g in ("seen", "unseen", "kept-out", "trained")}, flush=True)
    result["seconds"] = round(time.time() - begun, 1)
    with open(a.out, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
