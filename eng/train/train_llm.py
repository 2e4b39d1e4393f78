"""Trains the small Qwen2 on the corpus generator's conversations: loss on the assistant's answers, bf16 with fp32 weights.

    python3 train_llm.py --corpus path/to/malrule-corpus --tokenizer DIR --out DIR --tokens 900e6

The run is a pure function of its arguments (data shards, order, initial weights and schedule come from seeds) up to the rounding
of the GPU's kernels. With --stop-after it saves its whole state in parts of 15 MB, and --resume goes on from them.
"""
import argparse
import glob
import io
import json
import os
import platform
import queue
import shlex
import threading
import time

import numpy as np
import torch
from torch.nn import functional as F

from checkpoints import save_model
from optimiser import make_optimisers
from qwen2 import Qwen2, qwen2_config
from rows import Shards, shown
from tokenisation import ChatTokenizer

DESCENT = 0.4
MEASURED = (200, 500)  # the steps between which speed is measured to fit a run into --seconds


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--corpus", required=True, help="command of the corpus generator, as one string")
    p.add_argument("--tokenizer", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--tokens", type=float, required=True, help="tokens to train on, padding included")
    p.add_argument("--row", type=int, default=2048)
    p.add_argument("--rows", type=int, default=32, help="rows a step")
    p.add_argument("--lr", type=float, default=2.5e-3)
    p.add_argument("--weight-decay", type=float, default=0.1)
    p.add_argument("--optimiser", choices=["adamw", "muon"], default="muon")
    p.add_argument("--warmup", type=int, default=200)
    p.add_argument("--hidden", type=int, default=256)
    p.add_argument("--layers", type=int, default=6)
    p.add_argument("--inner", type=int, default=1024)
    p.add_argument("--shard", type=int, default=2000, help="conversations a shard")
    p.add_argument("--workers", type=int, default=12)
    p.add_argument("--scratch", default="/dev/shm/rows")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--data-seed", type=int, default=1_000_000)
    p.add_argument("--compile", action="store_true")
    p.add_argument("--across", action="store_true", help="let attention cross from one conversation of a row to the next")
    p.add_argument("--seconds", type=float, help="shorten the run to end in so many seconds; --tokens with the logged steps repeats it")
    p.add_argument("--stop-after", type=float, default=1e9, help="seconds after which to save the state and stop")
    p.add_argument("--resume", help="folder with a saved state")
    return p.parse_args()


def batches(shards, rows):
    """Dictionaries of arrays for each step. Rows left over from a shard begin the next batch."""
    rest = None
    for data in shards:
        rest = data if rest is None else {n: np.concatenate([rest[n], data[n]]) for n in ("tokens", "marks", "owner")}
        while len(rest["tokens"]) >= rows:
            part = {n: rest[n][:rows] for n in ("tokens", "marks", "owner")}
            rest = {n: rest[n][rows:] for n in ("tokens", "marks", "owner")}
            yield part


def tensors(part, device):
    """ids, positions, owners [rows, row] and the flat places whose next token is an answer, padded to a multiple of 4,096."""
    ids = part["tokens"].astype(np.int64)
    owner = part["owner"]
    column = np.arange(ids.shape[1])
    first = np.concatenate([np.ones((len(ids), 1), bool), owner[:, 1:] != owner[:, :-1]], 1)
    position = column - np.maximum.accumulate(np.where(first, column, 0), 1)
    answer = np.zeros(ids.shape, bool)
    answer[:, :-1] = (part["marks"][:, 1:] == 1) & (owner[:, 1:] == owner[:, :-1])
    places = np.flatnonzero(answer)
    targets = ids.reshape(-1)[places + 1]
    padding = -len(places) % 4096
    out = {"ids": ids, "position": position, "owner": owner.astype(np.int32), "answers": len(places),
           "used": int((owner > 0).sum()),
           "places": np.pad(places, (0, padding)), "targets": np.pad(targets, (0, padding), constant_values=-100)}
    move = lambda a: torch.from_numpy(a).pin_memory().to(device, non_blocking=True) if device == "cuda" else torch.from_numpy(a)
    return {n: move(a) if isinstance(a, np.ndarray) else a for n, a in out.items()}


def ahead(iterator, depth=4):
    """Runs an iterator in a thread of its own, `depth` items ahead."""
    items = queue.Queue(depth)

    def fill():
        try:
            for item in iterator:
                items.put(item)
            items.put(StopIteration())
        except BaseException as error:  # handed to the consumer
            items.put(error)
    threading.Thread(target=fill, daemon=True).start()
    while True:
        item = items.get()
        if isinstance(item, StopIteration):
            return
        if isinstance(item, BaseException):
            raise item
        yield item


def conversation_mask(owner):
    """Causal attention inside each conversation of a row."""
    if owner.is_cuda:
        from torch.nn.attention.flex_attention import create_block_mask
        rows, row = owner.shape
        return create_block_mask(lambda b, h, q, k: (q >= k) & (owner[b, q] == owner[b, k]), rows, None, row, row,
                                 device="cuda")
    row = owner.shape[1]
    allowed = (owner[:, :, None] == owner[:, None, :]) & torch.ones(row, row, dtype=torch.bool).tril()
    return torch.zeros(allowed.shape).masked_fill(~allowed, float("-inf"))[:, None]


def schedule(step, steps, warmup):
    """Linear warm-up, a plateau, a linear descent to zero over the last two fifths: its beginning does not depend on its length."""
    return min(1.0, (step + 1) / warmup, (steps - step) / (DESCENT * steps))


def save_state(folder, state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getvalue()
    for i in range(0, len(data), 15 << 20):
        with open(os.path.join(folder, f"state-{i // (15 << 20):02}.part"), "wb") as file:
            file.write(data[i:i + (15 << 20)])


def load_state(folder, device):
    data = b"".join(open(path, "rb").read() for path in sorted(glob.glob(os.path.join(folder, "state-*.part"))))
    return torch.load(io.BytesIO(data), map_location=device)


def main():
    a = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    os.makedirs(a.out, exist_ok=True)
    begun = time.time()
    tokenizer = ChatTokenizer.load(a.tokenizer)
    config = qwen2_config(tokenizer.size, hidden=a.hidden, layers=a.layers, inner=a.inner, heads=a.hidden // 64,
                          kv_heads=max(1, a.hidden // 128), end=tokenizer.end, pad=tokenizer.pad)
    steps = int(a.tokens // (a.row * a.rows))
    state = load_state(a.resume, device) if a.resume else {"step": 0, "seconds": 0.0, "batches": 0}
    shards = Shards(shlex.split(a.corpus), a.shard, a.row, a.tokenizer, a.scratch, a.workers, seed=a.data_seed)
    source = batches(shards, a.rows)
    for _ in range(state["batches"]):  # a resumed run skips the batches it has seen; making them costs the workers only
        next(source)
    model = Qwen2(config).initialise(a.seed).to(device)
    if device == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    optimisers = make_optimisers(model, a.lr, a.weight_decay, a.optimiser == "muon")
    if a.resume:
        model.load_state_dict(state["model"])
        for optimiser, saved in zip(optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
    body = torch.compile(model.model) if a.compile else model.model
    cos, sin = model.rotary(torch.arange(a.row, device=device))
    log = open(os.path.join(a.out, "train.jsonl"), "a", encoding="utf-8")
    note = lambda **entry: (log.write(json.dumps(entry) + "\n"), log.flush(), print(json.dumps(entry), flush=True))
    note(event="start", arguments=shown(a), parameters=sum(p.numel() for p in model.parameters()), steps=steps, device=device,
         gpu=torch.cuda.get_device_name() if device == "cuda" else platform.processor(), torch=torch.__version__)
    total, kept, answers, used, waited = torch.zeros((), device=device), 0, 0, 0, 0.0
    source = ahead(tensors(part, device) for part in source)
    clock, step = time.time(), state["step"]
    warm = clock
    while step < steps and time.time() - begun < a.stop_after:
        pause = time.time()
        batch = next(source)
        waited += time.time() - pause
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = a.lr * schedule(step, steps, a.warmup)
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            hidden = body(batch["ids"], cos[batch["position"]][:, None], sin[batch["position"]][:, None],
                          None if a.across else conversation_mask(batch["owner"]))
            scores = model.logits(hidden.flatten(0, 1)[batch["places"]])
        loss = F.cross_entropy(scores.float(), batch["targets"], ignore_index=-100, reduction="sum") / batch["answers"]
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser in optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        total += loss.detach()
        step, kept, answers, used = step + 1, kept + 1, answers + batch["answers"], used + batch["used"]
        if step == state["step"] + 20 or a.seconds and step in MEASURED:
            if device == "cuda":
                torch.cuda.synchronize()
            if step == state["step"] + 20:
                warm = time.time()
            if step == MEASURED[0]:
                reached = time.time()
            if step == MEASURED[1]:
                pace = (time.time() - reached) / (MEASURED[1] - MEASURED[0])
                steps = min(steps, step + int((a.seconds - (time.time() - begun)) / pace))
                note(event="shortened", steps=steps, tokens=steps * a.rows * a.row)
        if kept == 200 or step == steps:
            now = time.time()
            note(step=step, tokens=step * a.rows * a.row, loss=round(total.item() / kept, 5), answers=answers,
                 filled=round(used / (kept * a.rows * a.row), 4), seconds=round(now - clock + state["seconds"], 1),
                 tokens_per_second=round((step - state["step"] - 20) * a.rows * a.row / max(1e-9, now - warm)),
                 waited=round(waited, 1))
            total, kept, answers, used = torch.zeros((), device=device), 0, 0, 0
    shards.close()
    if device == "cuda":
        torch.cuda.synchronize()
    note(event="end", step=step, seconds=round(time.time() - clock + state["seconds"], 1), since_start=round(time.time() - begun, 1),
         memory=torch.cuda.max_memory_allocated() if device == "cuda" else 0)
    if step < steps:
        save_state(a.out, {"step": step, "batches": step, "seconds": time.time() - clock + state["seconds"],
                           "model": model.state_dict(), "optimisers": [o.state_dict() for o in optimisers]})
    save_model(a.out, {**config, "torch_dtype": "float32"}, model.state_dict())


if __name__ == "__main__":
    main()
    os._exit(0)  # the pool's own threads would wait for rows that nobody needs
