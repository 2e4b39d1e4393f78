"""Makes the tiny Qwen3 and Llama checkpoints under test/data/fixtures, and what Hugging Face's transformers computes with them.

    python3 eng/goldens/make-decoders.py OUT

Random weights, drawn so that every switch of the decoder shows: queries and keys large enough that attention is peaked (so positions
and q/k norms matter), layers that outweigh the embedding, logits of deviation near 3. AWQ ones are rounded to the nearest of their
group's 16 levels and packed as "gemm". Each expected.json is transformers in fp32 on the CPU with eager attention, on the dequantised
weights; the script stops where a float64 pass differs by more than 1e-4, or where leaving a switch out would change too little to be noticed.
Needs torch and transformers 5; the same seeds give the same checkpoints.
"""
import json
import os
import sys
import tempfile

import torch
import transformers

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "train"))
from checkpoints import dequantised, pack, save_model
from quantise_awq import levels
from tokenisation import write_json

GREEDY = 24
PROMPTS = (1, 9, 40, 60, 220)  # the fixtures with Llama-3 scaling were "trained" for 64 positions
LLAMA3 = {"factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 64, "rope_type": "llama3"}
COMMON = {"attention_bias": False, "attention_dropout": 0.0, "hidden_act": "silu", "initializer_range": 0.02, "max_position_embeddings": 512, "use_cache": True}
QWEN3 = {**COMMON, "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "rms_norm_eps": 1e-6, "use_sliding_window": False, "sliding_window": None, "max_window_layers": 3}
LLAMA = {**COMMON, "architectures": ["LlamaForCausalLM"], "model_type": "llama", "rms_norm_eps": 1e-5, "mlp_bias": False, "pretraining_tp": 1}

# name -> (config.json, stored type, AWQ group, what to leave out to see that it matters)
FIXTURES = {
    # as published: rope_theta at the top, head_dim · heads above hidden_size, tied
    "qwen3-awq-tiny": ({**QWEN3, "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
                        "head_dim": 64, "vocab_size": 512, "rope_theta": 1000000, "rope_scaling": None, "tie_word_embeddings": True}, torch.float16, 64, "q/k norm"),
    # as transformers 5 writes it (rope_parameters, layer_types), untied
    "qwen3-bf16-tiny": ({**QWEN3, "hidden_size": 96, "intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 1,
                         "head_dim": 40, "vocab_size": 300, "rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"},
                         "layer_types": ["full_attention"] * 2, "tie_word_embeddings": False}, torch.bfloat16, None, "q/k norm"),
    # Llama 3.1's kind: scaled rotary positions, no head_dim, untied
    "llama3-awq-tiny": ({**LLAMA, "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 1,
                         "vocab_size": 512, "rope_theta": 500000.0, "rope_scaling": LLAMA3, "tie_word_embeddings": False}, torch.float16, 64, "rope scaling"),
    # Llama 3.2's kind: tied, head_dim given, scaling as transformers 5 writes it
    "llama3-bf16-tiny": ({**LLAMA, "hidden_size": 96, "intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 6, "num_key_value_heads": 2,
                          "head_dim": 32, "vocab_size": 300, "rope_parameters": {**LLAMA3, "rope_theta": 500000.0}, "tie_word_embeddings": True}, torch.bfloat16, None, "rope scaling"),
    # Llama 2's kind: as many key heads as query heads, the default rope_theta left unsaid
    "llama-fp16-tiny": ({**LLAMA, "hidden_size": 96, "intermediate_size": 160, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4,
                         "vocab_size": 300, "rope_scaling": None, "tie_word_embeddings": False}, torch.float16, None, None),
}


def weights(config, seed):
    """Random tensors under their published names, fp32."""
    random = torch.Generator().manual_seed(seed)
    hidden, inner, vocab = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    head = config.get("head_dim", hidden // config["num_attention_heads"])
    queries, keys = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    qwen3 = config["model_type"] == "qwen3"

    def matrix(outputs, inputs, gain):
        return torch.randn(outputs, inputs, generator=random) * gain / inputs ** 0.5

    def norm(size, middle=1.0):
        return middle * (0.6 + 0.8 * torch.rand(size, generator=random))

    tensors = {"model.embed_tokens.weight": matrix(vocab, hidden, 3)}
    for i in range(config["num_hidden_layers"]):
        layer = f"model.layers.{i}"
        tensors[f"{layer}.input_layernorm.weight"] = norm(hidden)
        tensors[f"{layer}.post_attention_layernorm.weight"] = norm(hidden)
        tensors[f"{layer}.self_attn.q_proj.weight"] = matrix(queries, hidden, 1.5)
        tensors[f"{layer}.self_attn.k_proj.weight"] = matrix(keys, hidden, 1.5)
        tensors[f"{layer}.self_attn.v_proj.weight"] = matrix(keys, hidden, 1.5)
        tensors[f"{layer}.self_attn.o_proj.weight"] = matrix(hidden, queries, 1.5)
        tensors[f"{layer}.mlp.gate_proj.weight"] = matrix(inner, hidden, 1.2)
        tensors[f"{layer}.mlp.up_proj.weight"] = matrix(inner, hidden, 1.2)
        tensors[f"{layer}.mlp.down_proj.weight"] = matrix(hidden, inner, 1.5)
        if qwen3:
            tensors[f"{layer}.self_attn.q_norm.weight"] = norm(head, 1.5)
            tensors[f"{layer}.self_attn.k_norm.weight"] = norm(head, 1.5)
    tensors["model.norm.weight"] = norm(hidden)
    if not config["tie_word_embeddings"]:
        tensors["lm_head.weight"] = matrix(vocab, hidden, 3)
    return tensors


def stored(tensors, dtype, group):
    out = {}
    for name, value in tensors.items():
        if group and "_proj." in name:
            q, zeros, scales = levels(value, group)
            stem = name[:-len(".weight")]
            out[stem + ".qweight"] = pack(q.flatten(1).T.long())
            out[stem + ".qzeros"] = pack(zeros[..., 0].T.long())
            out[stem + ".scales"] = scales[..., 0].T.half().contiguous()
        else:
            out[name] = value.to(dtype)
    return out


def load(config, tensors, dtype):
    with tempfile.TemporaryDirectory() as folder:
        save_model(folder, config, tensors)
        model, report = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager", output_loading_info=True)
    wrong = {what: names for what, names in report.items() if names and not (what == "missing_keys" and config["tie_word_embeddings"])}
    if wrong:
        raise SystemExit(f"transformers did not load every tensor: {wrong}")
    return model.eval()


def logprobs(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].log_softmax(-1)


def case(model, ids):
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    first = logits.log_softmax(-1)
    top = first[-1].topk(8)
    greedy, margins, line = [], [], list(ids)
    for _ in range(GREEDY):
        best = logprobs(model, line)[-1].topk(2)
        greedy.append(int(best.indices[0]))
        margins.append(round(float(best.values[0] - best.values[1]), 4))
        line.append(greedy[-1])
    return {"prompt_token_ids": ids, "last_logits": [round(float(v), 5) for v in logits[-1]],
            "prompt_logprobs": [round(float(first[i, token]), 5) for i, token in enumerate(ids[1:])],
            "last_top8_ids": top.indices.tolist(), "last_top8_logprobs": [round(float(v), 5) for v in top.values],
            f"greedy_{GREEDY}": greedy, "greedy_margins": margins}


def without(config, tensors, switch):
    """The same checkpoint with one switch left out."""
    if switch == "rope scaling":
        plain = {k: v for k, v in config.items() if k not in ("rope_scaling", "rope_parameters")}
        return load({**plain, "rope_theta": 500000.0}, tensors, torch.float32)
    model = load(config, tensors, torch.float32)
    for layer in model.model.layers:
        layer.self_attn.q_norm = layer.self_attn.k_norm = torch.nn.Identity()
    return model


def main():
    out = sys.argv[1]
    for seed, (name, (config, dtype, group, switch)) in enumerate(FIXTURES.items(), start=1):
        quantised = {"quantization_config": {"bits": 4, "group_size": group, "modules_to_not_convert": None, "quant_method": "awq", "version": "gemm", "zero_point": True}} if group else {}
        tensors = stored(weights(config, seed), dtype, group)
        folder = os.path.join(out, name)
        save_model(folder, {**config, "torch_dtype": str(dtype).removeprefix("torch."), "bos_token_id": config["vocab_size"] - 2, "eos_token_id": config["vocab_size"] - 1, **quantised}, tensors)

        dense = dequantised(tensors)
        model = load(config, dense, torch.float32)
        random = torch.Generator().manual_seed(100 + seed)
        prompts = [torch.randint(config["vocab_size"], (length,), generator=random).tolist() for length in PROMPTS]
        cases = [case(model, ids) for ids in prompts]
        write_json(os.path.join(folder, "expected.json"), {"source": f"transformers {transformers.__version__} fp32", "cases": cases})

        longest = logprobs(model, prompts[-1])
        drift = (logprobs(load(config, dense, torch.float64), prompts[-1]) - longest).abs().max().item()
        change = (logprobs(without(config, dense, switch), prompts[-1]) - longest).abs().max().item() if switch else None
        clear = sum(margin > 1e-2 for c in cases for margin in c["greedy_margins"])
        print(json.dumps({"fixture": name, "rope": str(getattr(model.config, "rope_parameters", None)), "float64_differs_by": drift, "without": switch, "changes_by": change,
                          "entropy": longest.exp().mul(-longest).sum(-1).mean().item(), "clear_margins": f"{clear} of {GREEDY * len(cases)}",
                          "bytes": os.path.getsize(os.path.join(folder, "model.safetensors"))}))
        if drift > 1e-4 or (change is not None and change < 0.1):
            raise SystemExit(f"{name} would be a poor fixture")


if __name__ == "__main__":
    main()
