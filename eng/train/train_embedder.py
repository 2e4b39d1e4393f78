"""Trains the small BERT to put wordings of one misconception close together: InfoNCE with in-batch negatives.

    python3 train_embedder.py --corpus path/to/malrule-corpus --tokenizer DIR --out DIR --steps 2000

Pairs come from the corpus generator. A part of them is turned into misconceptions that do not exist, by replacing a word that both
wordings share by another: they stand beside the pair they came from as its hardest negatives, and teach the words' meaning rather
than which rule a sentence belongs to.
"""
import argparse
import json
import os
import random
import shlex
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch
from torch.nn import functional as F

from bert import Bert, bert_config
from checkpoints import save_model
from ranking import catalogue_of, report
from rows import conversations, finish, shown
from tokenisation import WordPieceTokenizer, write_json

LENGTH = 48
SMALL = {"that", "than", "with", "from", "when", "then", "this", "they", "them", "their", "there", "where", "which", "while", "what",
         "have", "does", "must", "each", "both", "into", "only", "instead", "thinks", "believes", "student", "pupil", "rather"}
WORKER = {}


def prepare(tokenizer, words, held_out):
    WORKER.update(tokenizer=WordPieceTokenizer.load(tokenizer), words=words, held_out=held_out)


def shard(command, seed, invented, dropped):
    """One run of the generator as ids [pairs, 2, LENGTH] and classes [pairs]."""
    chance = random.Random(seed)
    ids, classes = [], []
    for line in conversations(command):
        if line["id"] in WORKER["held_out"]:
            continue
        anchor, positive, name = line["anchor"].split(" "), line["positive"].split(" "), line["id"]
        if chance.random() < invented:
            anchor, positive, name = invent(chance, anchor, positive, name)
        pair = [drop(chance, text, dropped) for text in (anchor, positive)]
        ids.append([encode(" ".join(words)) for words in pair])
        classes.append(name)
    return np.array(ids, np.int16), np.array(classes, np.int64)


def invent(chance, anchor, positive, name):
    """The pair with one or two shared words replaced in both; unchanged when they share none."""
    shared = sorted({w.lower() for w in anchor} & {w.lower() for w in positive} - SMALL)
    shared = [w for w in shared if len(w) > 3 and w.isalpha()]
    if not shared:
        return anchor, positive, name
    for word in chance.sample(shared, min(len(shared), chance.randint(1, 2))):
        other = chance.choice(WORKER["words"])
        anchor, positive = ([other if w.lower() == word else w for w in text] for text in (anchor, positive))
        name = hash((name, word, other)) | 1 << 40
    return anchor, positive, name


def drop(chance, words, share):
    kept = [w for w in words if chance.random() >= share]
    return kept if len(kept) > 2 else words


def encode(text):
    ids = WORKER["tokenizer"].encode(text)[:LENGTH]
    return ids + [0] * (LENGTH - len(ids))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--corpus", required=True)
    p.add_argument("--tokenizer", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--steps", type=int, default=2000)
    p.add_argument("--pairs", type=int, default=1024, help="pairs a step")
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--weight-decay", type=float, default=0.05)
    p.add_argument("--temperature", type=float, default=0.05)
    p.add_argument("--invented", type=float, default=0.4, help="share of pairs turned into misconceptions that do not exist")
    p.add_argument("--dropped", type=float, default=0.08, help="share of words dropped")
    p.add_argument("--hidden", type=int, default=256)
    p.add_argument("--layers", type=int, default=4)
    p.add_argument("--workers", type=int, default=8)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--data-seed", type=int, default=2_000_000)
    p.add_argument("--validation", action="store_true", help="also leave another tenth of the misconceptions out, to tune on")
    a = p.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    os.makedirs(a.out, exist_ok=True)
    corpus = shlex.split(a.corpus)
    catalogue = catalogue_of(corpus)
    held_out = {m["id"] for m in catalogue if a.validation and m["id"] % 10 == (m["id"] // 10 + 5) % 10}
    trained = [m for m in catalogue if not m["kept_out"] and m["id"] not in held_out]
    words = sorted({w.lower().strip(",.") for m in trained for t in [m["name"], *m["paraphrases"]] for w in t.split()})
    words = [w for w in words if len(w) > 3 and w.isalpha() and w not in SMALL]
    tokenizer = WordPieceTokenizer.load(a.tokenizer)
    config = bert_config(tokenizer.size, hidden=a.hidden, layers=a.layers, inner=4 * a.hidden, heads=a.hidden // 64)
    model = Bert(config).initialise(a.seed).to(device)
    matrices = [q for q in model.parameters() if q.dim() == 2]
    vectors = [q for q in model.parameters() if q.dim() < 2]
    optimiser = torch.optim.AdamW([{"params": matrices, "weight_decay": a.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
                                  lr=a.lr, betas=(0.9, 0.98))
    os.environ["PYTHONHASHSEED"] = "0"  # the workers' names of invented misconceptions
    pool = ProcessPoolExecutor(a.workers, get_context("spawn"), prepare, (a.tokenizer, words, held_out))
    each = 20 * a.pairs
    waiting = [pool.submit(shard, [*corpus, "pairs", "--seed", str(a.data_seed + i), "--count", str(each)], a.data_seed + i,
                           a.invented, a.dropped) for i in range((a.steps + 19) // 20 + len(held_out))]
    log = open(os.path.join(a.out, "train.jsonl"), "w", encoding="utf-8")
    note = lambda **entry: (log.write(json.dumps(entry) + "\n"), log.flush(), print(json.dumps(entry), flush=True))
    note(event="start", arguments=shown(a), parameters=sum(q.numel() for q in model.parameters()), device=device, torch=torch.__version__)
    begun, total, kept = time.time(), torch.zeros((), device=device), 0
    ids, classes = waiting.pop(0).result()
    for step in range(a.steps):
        while len(ids) < a.pairs:
            more = waiting.pop(0).result()
            ids, classes = np.concatenate([ids, more[0]]), np.concatenate([classes, more[1]])
        batch, names = ids[:a.pairs], torch.from_numpy(classes[:a.pairs]).to(device)
        ids, classes = ids[a.pairs:], classes[a.pairs:]
        length = int((batch > 0).sum(-1).max())
        for group in optimiser.param_groups:
            group["lr"] = a.lr * min(1, (step + 1) / 100) * max(0.0, 1 - step / a.steps)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            vectors = model(torch.from_numpy(batch[:, :, :length].astype(np.int64)).to(device).flatten(0, 1))
        vectors = vectors.float().view(a.pairs, 2, -1)
        one, two = vectors[:, 0], vectors[:, 1]
        same = (names[:, None] == names[None]) & ~torch.eye(a.pairs, dtype=torch.bool, device=device)
        diagonal = torch.arange(a.pairs, device=device)
        scores = lambda x, y: (x @ y.T / a.temperature).masked_fill(same, -1e4)
        across = scores(one, two)
        own = torch.eye(a.pairs, dtype=torch.bool, device=device)
        left = torch.cat([across, scores(one, one).masked_fill(own, -1e4)], 1)
        right = torch.cat([across.T, scores(two, two).masked_fill(own, -1e4)], 1)
        loss = (F.cross_entropy(left, diagonal) + F.cross_entropy(right, diagonal)) / 2
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        total, kept = total + loss.detach(), kept + 1
        if kept == 200 or step + 1 == a.steps:
            note(step=step + 1, loss=round(total.item() / kept, 5), seconds=round(time.time() - begun, 1),
                 **({"validation": report(model, tokenizer, catalogue, held_out)} if held_out else {}))
            total, kept = torch.zeros((), device=device), 0
    finish(pool)
    model = model.half().float()  # measured as it is stored
    note(event="end", seconds=round(time.time() - begun, 1),
         trained=report(model, tokenizer, catalogue, {m["id"] for m in trained}),
         kept_out=report(model, tokenizer, catalogue, {m["id"] for m in catalogue if m["kept_out"]}))
    save_model(a.out, config, {name: value.half() for name, value in model.state_dict().items()})
    write_json(os.path.join(a.out, "modules.json"), [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}], indent=2)
    os.makedirs(os.path.join(a.out, "1_Pooling"), exist_ok=True)
    write_json(os.path.join(a.out, "1_Pooling", "config.json"), {
        "word_embedding_dimension": a.hidden, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
        "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False}, indent=2)
    write_json(os.path.join(a.out, "sentence_bert_config.json"), {"max_seq_length": 128, "do_lower_case": False}, indent=2)
    tokenizer.save(a.out, 128)


if __name__ == "__main__":
    main()
    os._exit(0)
