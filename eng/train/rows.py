"""Conversations of the corpus generator as fixed-length rows of token ids, made by worker processes ahead of the trainer.

Shard i is a pure function of (command, seed + i): conversations are encoded, cut after the last answer that fits, and laid into
rows first-fit in the order they come. A row that holds several conversations restarts positions and attention at each.
"""
import json
import os
import random
import subprocess
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from tokenisation import ChatTokenizer

TOKENIZER = None
FREELY = 0.1  # share of conversations whose answers are cut into pieces freely, so that every piece is learned and can be copied


def prepare(folder):
    global TOKENIZER
    TOKENIZER = ChatTokenizer.load(folder)


def conversations(command):
    """The JSON lines that a command prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        for line in process.stdout:
            if line.strip():
                yield json.loads(line)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")


def fit(ids, answers, row):
    """The longest beginning of a conversation, at most `row` ids, that ends with a whole answer."""
    if len(ids) <= row:
        return ids, answers
    end = row
    while end and not (answers[end - 1] and not answers[end]):
        end -= 1
    return ids[:end], answers[:end]


def pack(items, row, pad):
    """Rows of ids, answer marks and conversation numbers (0 = padding): three arrays [rows, row]."""
    rows, open_rows = [], []
    for ids, answers in items:
        place = next((r for r in open_rows if r[0] + len(ids) <= row), None)
        if place is None:
            place = [0, []]
            rows.append(place)
            open_rows.append(place)
        place[0] += len(ids)
        place[1].append((ids, answers))
        open_rows = [r for r in open_rows if row - r[0] >= 128][-16:]
    tokens = np.full((len(rows), row), pad, np.uint16)
    marks = np.zeros((len(rows), row), np.uint8)
    owner = np.zeros((len(rows), row), np.uint8)
    for i, (_, parts) in enumerate(rows):
        at = 0
        for number, (ids, answers) in enumerate(parts, 1):
            tokens[i, at:at + len(ids)] = ids
            marks[i, at:at + len(ids)] = answers
            owner[i, at:at + len(ids)] = number
            at += len(ids)
    return tokens, marks, owner


def shard(command, row, seed, path):
    items, skipped, chance = [], 0, random.Random(seed)
    for line in conversations(command):
        free = chance if chance.random() < FREELY else None
        ids, answers = fit(*TOKENIZER.chat(line["messages"], chance=free), row)
        if any(answers):
            items.append((ids, answers))
        else:
            skipped += 1
    tokens, marks, owner = pack(items, row, TOKENIZER.pad)
    order = np.random.RandomState(seed).permutation(len(tokens))
    np.savez(path + ".tmp.npz", tokens=tokens[order], marks=marks[order], owner=owner[order], made=[len(items), skipped])
    os.replace(path + ".tmp.npz", path)
    return path


def shown(arguments):
    """What a log repeats of a command: all but the places of files."""
    return {k: v for k, v in vars(arguments).items() if k not in ("corpus", "tokenizer", "out", "scratch", "resume")}


class Shards:
    """Iterates over shards in order while worker processes make the next ones; each is deleted once read."""

    def __init__(self, corpus, count, row, tokenizer, folder, workers, first=0, seed=1):
        os.makedirs(folder, exist_ok=True)
        self.pool = ProcessPoolExecutor(workers, get_context("spawn"), prepare, (tokenizer,))
        self.ahead, self.next, self.waiting = 3 * workers, first, []
        self.submit = lambda i: self.pool.submit(
            shard, [*corpus, "conversations", "--seed", str(seed + i), "--count", str(count)], row, seed + i,
            os.path.join(folder, f"shard-{i}.npz"))

    def __iter__(self):
        while True:
            while len(self.waiting) < self.ahead:
                self.waiting.append(self.submit(self.next))
                self.next += 1
            path = self.waiting.pop(0).result()
            with np.load(path) as data:
                yield {name: data[name] for name in data.files}
            os.remove(path)

    def close(self):
        finish(self.pool)


def finish(pool):
    """Ends a pool whose further results nobody needs."""
    workers = list(pool._processes.values())
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.kill()
