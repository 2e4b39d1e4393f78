"""Activation-aware 4-bit quantisation (AWQ, Lin et al. 2023), written in the "gemm" layout that AutoAWQ and vLLM read.

    python3 quantise_awq.py --model DIR --calibration conversations.jsonl --out DIR

For each group of linears that share an input, input channel c is scaled by s_c = mean|x_c|^alpha and the operation before it by
1 / s_c; alpha is the point of a grid whose rounded weights change the block's output least. Then each group of 64 weights of an
output channel may clip its range where that lowers the error of its own products. Rounding is asymmetric, scales are fp16.
"""
import argparse
import json
import os
import shutil

import torch

from checkpoints import load_tensors, pack, read_config, save_model
from qwen2 import Qwen2
from tokenisation import ChatTokenizer

GRID = 20
CLIPS = [1 - i / 20 for i in range(10)]


def levels(weight, group, clip=None):
    """weight [N, K] as (q, zeros, scales) of [N, K / group, group], [N, K / group, 1], [N, K / group, 1]; scales as fp16 holds them."""
    w = weight.view(weight.shape[0], -1, group)
    high, low = w.amax(-1, keepdim=True).clamp(min=0), w.amin(-1, keepdim=True).clamp(max=0)
    if clip is not None:
        high, low = high * clip, low * clip
    scales = ((high - low) / 15).clamp(min=1e-5).half().float()
    zeros = (-low / scales).round().clamp(0, 15)
    return ((w / scales).round() + zeros).clamp(0, 15), zeros, scales


def rounded(weight, group, clip=None):
    q, zeros, scales = levels(weight, group, clip)
    return ((q - zeros) * scales).view_as(weight)


def spread(scale, heads):
    """A factor for each value channel [kvHeads * d] as one for each attention output channel [heads * d]."""
    return scale.view(-1, 1, scale.shape[0] // heads[1]).repeat_interleave(heads[0] // heads[1], 1).flatten()


def best_scale(mean, linears, block, group, heads=None):
    """The channel factors whose rounded linears change the block's output least, and (error, alpha, error without factors)."""
    originals = [linear.weight.data.clone() for linear in linears]
    want, best = block(), None
    for step in range(GRID):
        s = mean.clamp(min=1e-4) ** (step / GRID)
        s = s / (s.max() * s.min()).sqrt()
        wide = spread(s, heads) if heads else s
        for linear, original in zip(linears, originals):
            linear.weight.data = rounded(original * wide, group) / wide
        error = (block() - want).float().pow(2).mean().item()
        if best is None:
            plain = error
        if best is None or error < best[0]:
            best = (error, step / GRID, s)
    for linear, original in zip(linears, originals):
        linear.weight.data = original
    return best[2], {"error": best[0], "alpha": best[1], "error_unscaled": plain}


def best_clip(weight, inputs, group):
    """For each output channel and group the part of its range to keep: [N, K / group, 1]."""
    x = inputs.view(inputs.shape[0], -1, group)  # [tokens, K / group, group]
    w = weight.view(weight.shape[0], -1, group)
    moments = torch.einsum("tgi,tgj->gij", x, x) / x.shape[0]
    best = torch.full((*w.shape[:2], 1), float("inf"), device=w.device)
    clips = torch.ones_like(best)
    for clip in CLIPS:
        difference = rounded(weight, group, clip).view_as(w) - w
        error = torch.einsum("ngi,gij,ngj->ng", difference, moments, difference)[..., None]
        clips = torch.where(error < best, torch.full_like(clips, clip), clips)
        best = torch.minimum(best, error)
    return clips


@torch.no_grad()
def quantise(model, rows, group):
    """Folds factors into the model and returns the tensors of the AWQ checkpoint with a report for each layer."""
    c = model.config
    heads = (c["num_attention_heads"], c["num_key_value_heads"])
    cos, sin = model.rotary(torch.arange(rows.shape[1], device=rows.device))
    hidden = model.model.embed_tokens(rows).float()
    tensors, report = {}, []
    seen = {}

    def watch(linear, name):
        return linear.register_forward_hook(lambda _, inputs, __: seen.__setitem__(name, inputs[0].flatten(0, -2).float()))

    for number, layer in enumerate(model.model.layers):
        attention, mlp = layer.self_attn, layer.mlp
        hooks = [watch(attention.q_proj, "qkv"), watch(attention.o_proj, "o"), watch(mlp.gate_proj, "mlp"), watch(mlp.down_proj, "down")]
        result = layer(hidden, cos, sin, None, None)
        for hook in hooks:
            hook.remove()
        mean = {name: x.abs().mean(0) for name, x in seen.items()}
        normed = seen["qkv"].view_as(hidden)
        entry = {"layer": number}

        s, entry["qkv"] = best_scale(mean["qkv"], [attention.q_proj, attention.k_proj, attention.v_proj],
                                     lambda: attention(normed, cos, sin, None, None), group)
        layer.input_layernorm.weight.data /= s
        for linear in (attention.q_proj, attention.k_proj, attention.v_proj):
            linear.weight.data *= s
        value = mean["o"].view(heads[1], heads[0] // heads[1], -1).mean(1).flatten()  # query heads of a group share their values
        s, entry["o"] = best_scale(value, [attention.o_proj], lambda: attention.o_proj(seen["o"]), group, heads)
        attention.v_proj.weight.data /= s[:, None]
        attention.v_proj.bias.data /= s
        attention.o_proj.weight.data *= spread(s, heads)
        s, entry["mlp"] = best_scale(mean["mlp"], [mlp.gate_proj, mlp.up_proj], lambda: mlp(seen["mlp"]), group)
        layer.post_attention_layernorm.weight.data /= s
        for linear in (mlp.gate_proj, mlp.up_proj):
            linear.weight.data *= s
        s, entry["down"] = best_scale(mean["down"], [mlp.down_proj], lambda: mlp.down_proj(seen["down"]), group)
        mlp.up_proj.weight.data /= s[:, None]
        mlp.down_proj.weight.data *= s

        hooks = [watch(attention.q_proj, "qkv"), watch(attention.o_proj, "o"), watch(mlp.gate_proj, "mlp"), watch(mlp.down_proj, "down")]
        folded = layer(hidden, cos, sin, None, None)
        for hook in hooks:
            hook.remove()
        entry["folding_changed"] = (folded - result).abs().max().item()
        for path, source in (("self_attn.q_proj", None), ("self_attn.k_proj", None), ("self_attn.v_proj", "qkv"), ("self_attn.o_proj", "o"),
                             ("mlp.gate_proj", "mlp"), ("mlp.up_proj", "mlp"), ("mlp.down_proj", "down")):
            linear = layer.get_submodule(path)
            clip = best_clip(linear.weight.data, seen[source], group) if source else None
            q, zeros, scales = levels(linear.weight.data, group, clip)
            stem = f"model.layers.{number}.{path}"
            tensors[stem + ".qweight"] = pack(q.flatten(1).T.long().cpu())
            tensors[stem + ".qzeros"] = pack(zeros[..., 0].T.long().cpu())
            tensors[stem + ".scales"] = scales[..., 0].T.half().contiguous().cpu()
            if linear.bias is not None:
                tensors[stem + ".bias"] = linear.bias.data.half().cpu()
        hidden = result
        report.append(entry)
    for name, value in model.state_dict().items():
        if "norm" in name or "embed" in name:
            tensors[name] = value.half().cpu()
    return tensors, report


def calibration(path, tokenizer, row, rows):
    """Whole conversations, one after another, cut into rows [rows, row]."""
    ids = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            ids += tokenizer.chat(json.loads(line)["messages"])[0]
            if len(ids) >= row * rows:
                break
    rows = min(rows, len(ids) // row)
    return torch.tensor(ids[:rows * row]).view(rows, row)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--model", required=True, help="folder of the fp32 checkpoint")
    p.add_argument("--tokenizer", required=True)
    p.add_argument("--calibration", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--group", type=int, default=64)
    p.add_argument("--rows", type=int, default=64)
    p.add_argument("--row", type=int, default=512)
    p.add_argument("--log")
    a = p.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = read_config(a.model)
    model = Qwen2(config)
    model.load_state_dict(load_tensors(os.path.join(a.model, "model.safetensors")))
    model.to(device)
    rows = calibration(a.calibration, ChatTokenizer.load(a.tokenizer), a.row, a.rows).to(device)
    tensors, report = quantise(model, rows, a.group)
    save_model(a.out, {**config, "torch_dtype": "float16", "quantization_config": {
        "bits": 4, "group_size": a.group, "modules_to_not_convert": None, "quant_method": "awq", "version": "gemm",
        "zero_point": True}}, tensors)
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        if os.path.exists(os.path.join(a.tokenizer, name)) and os.path.abspath(a.tokenizer) != os.path.abspath(a.out):
            shutil.copy(os.path.join(a.tokenizer, name), os.path.join(a.out, name))
    if a.log:
        with open(a.log, "w", encoding="utf-8") as file:
            for entry in report:
                file.write(json.dumps(entry) + "\n")
    print(json.dumps({"calibration_tokens": rows.numel(), "layers": report[-1:]}))


if __name__ == "__main__":
    main()
