"""Hugging Face checkpoints without other libraries: safetensors files, AWQ "gemm" packing, deterministic file contents."""
import json
import os
import struct

import numpy as np
import torch

from tokenisation import write_json

NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int32: "I32"}
KINDS = {"F32": np.float32, "F16": np.float16, "I32": np.int32}
ORDER = (0, 2, 4, 6, 1, 3, 5, 7)  # nibble i of a word holds column 8c + ORDER[i]


def save_tensors(path, tensors):
    header, offset, blobs = {"__metadata__": {"format": "pt"}}, 0, []
    for name in sorted(tensors):
        value = tensors[name].detach().cpu().contiguous()
        blob = value.view(torch.uint8).numpy().tobytes()
        header[name] = {"dtype": NAMES[value.dtype], "shape": list(value.shape), "data_offsets": [offset, offset + len(blob)]}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(blobs)


def load_tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: torch.from_numpy(np.frombuffer(data[slice(*t["data_offsets"])], KINDS[t["dtype"]]).reshape(t["shape"]).copy())
            for name, t in header.items()}


def pack(values):
    """Unsigned 4-bit values [rows, N] as int32 words [rows, N / 8]."""
    words = torch.zeros(values.shape[0], values.shape[1] // 8, dtype=torch.int64)
    for nibble, column in enumerate(ORDER):
        words |= values[:, column::8].long() << (4 * nibble)
    return torch.from_numpy(words.numpy().astype(np.uint32).view(np.int32))


def unpack(words):
    values = torch.empty(words.shape[0], words.shape[1] * 8, dtype=torch.int64)
    for nibble, column in enumerate(ORDER):
        values[:, column::8] = (words.long() >> (4 * nibble)) & 15
    return values


def dequantised(tensors):
    """Float tensors of an AWQ checkpoint: w[k, n] = (q - z) * s, stored [N, K] as torch linears are."""
    out = {}
    for name, value in tensors.items():
        if name.endswith(".qweight"):
            stem = name[:-len(".qweight")]
            scales = tensors[stem + ".scales"].float()  # [groups, N]
            group = value.shape[0] // scales.shape[0]
            zeros = unpack(tensors[stem + ".qzeros"]).float()
            weight = unpack(value).float().view(-1, group, scales.shape[1])
            out[stem + ".weight"] = ((weight - zeros[:, None]) * scales[:, None]).flatten(0, 1).T.contiguous()
        elif not name.endswith((".qzeros", ".scales")):
            out[name] = value.float()
    return out


def read_config(folder):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        return json.load(file)


def save_model(folder, config, tensors):
    os.makedirs(folder, exist_ok=True)
    write_json(os.path.join(folder, "config.json"), config, indent=2)
    save_tensors(os.path.join(folder, "model.safetensors"), tensors)
