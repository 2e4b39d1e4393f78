"""Qwen2 in plain PyTorch under Hugging Face's parameter names: grouped-query attention, rotary positions, SwiGLU, tied head.

`forward` takes whole rows (training, scoring); `generate` keeps keys and values and decodes a batch of prompts at once.
"""
import torch
from torch import nn
from torch.nn import functional as F

FUSED = hasattr(F, "scaled_dot_product_attention")
if FUSED:
    from torch.nn.attention.flex_attention import flex_attention


def qwen2_config(vocabulary, hidden=256, layers=6, heads=4, kv_heads=2, inner=1024, context=2048, theta=10000.0, end=0, pad=0):
    return {"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": pad, "eos_token_id": end,
            "hidden_act": "silu", "hidden_size": hidden, "initializer_range": 0.02, "intermediate_size": inner,
            "max_position_embeddings": context, "max_window_layers": layers, "model_type": "qwen2",
            "num_attention_heads": heads, "num_hidden_layers": layers, "num_key_value_heads": kv_heads,
            "rms_norm_eps": 1e-06, "rope_theta": theta, "sliding_window": None, "tie_word_embeddings": True,
            "torch_dtype": "float16", "use_cache": True, "use_sliding_window": False, "vocab_size": vocabulary}


class RmsNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight.float()


def rotate(x, cos, sin):
    """x [batch, heads, length, headDim]; the halves of a head turn together."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(x.dtype)


def attend(q, k, v, mask):
    """q [batch, heads, m, d], k and v [batch, heads, n, d]; mask: None = causal over equal lengths, a tensor is added to the
    scores, anything else is a block mask of flex attention."""
    if mask is not None and not isinstance(mask, torch.Tensor):
        return flex_attention(q, k, v, block_mask=mask)
    if FUSED:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
    if mask is None:
        mask = torch.full((q.shape[2], k.shape[2]), float("-inf"), device=q.device).triu(1)
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + mask
    return scores.softmax(-1).to(v.dtype) @ v


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads, self.kv, self.dim = c["num_attention_heads"], c["num_key_value_heads"], c["hidden_size"] // c["num_attention_heads"]
        size = c["hidden_size"]
        self.q_proj = nn.Linear(size, self.heads * self.dim)
        self.k_proj = nn.Linear(size, self.kv * self.dim)
        self.v_proj = nn.Linear(size, self.kv * self.dim)
        self.o_proj = nn.Linear(self.heads * self.dim, size, bias=False)

    def forward(self, x, cos, sin, mask, cache):
        batch, length, _ = x.shape
        split = lambda y, heads: y.view(batch, length, heads, self.dim).transpose(1, 2)
        q = rotate(split(self.q_proj(x), self.heads), cos, sin)
        k = rotate(split(self.k_proj(x), self.kv), cos, sin)
        v = split(self.v_proj(x), self.kv)
        if cache is not None:
            k, v = cache.append(k, v)
        k, v = (y.repeat_interleave(self.heads // self.kv, 1) for y in (k, v))
        return self.o_proj(attend(q, k, v, mask).transpose(1, 2).reshape(batch, length, -1))


class Mlp(nn.Module):
    def __init__(self, c):
        super().__init__()
        size, inner = c["hidden_size"], c["intermediate_size"]
        self.gate_proj = nn.Linear(size, inner, bias=False)
        self.up_proj = nn.Linear(size, inner, bias=False)
        self.down_proj = nn.Linear(inner, size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = RmsNorm(c["hidden_size"], c["rms_norm_eps"])
        self.self_attn = Attention(c)
        self.post_attention_layernorm = RmsNorm(c["hidden_size"], c["rms_norm_eps"])
        self.mlp = Mlp(c)

    def forward(self, x, cos, sin, mask, cache):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin, mask, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Body(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embed_tokens = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.layers = nn.ModuleList(Layer(c) for _ in range(c["num_hidden_layers"]))
        self.norm = RmsNorm(c["hidden_size"], c["rms_norm_eps"])

    def forward(self, ids, cos, sin, mask=None, caches=None):
        x = self.embed_tokens(ids).float()  # the residual stream stays in fp32
        for i, layer in enumerate(self.layers):
            x = layer(x, cos, sin, mask, caches[i] if caches else None)
        return self.norm(x)


class Cache:
    """Keys and values of one layer in a buffer of fixed length."""

    def __init__(self, length):
        self.length, self.used = length, 0

    def append(self, k, v):
        if self.used == 0:
            shape = (k.shape[0], k.shape[1], self.length, k.shape[3])
            self.k, self.v = k.new_zeros(shape), v.new_zeros(shape)
        end = self.used + k.shape[2]
        self.k[:, :, self.used:end], self.v[:, :, self.used:end] = k, v
        self.used = end
        return self.k[:, :, :end], self.v[:, :, :end]


class Qwen2(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.model = config, Body(config)
        dim = config["hidden_size"] // config["num_attention_heads"]
        self.frequencies = config["rope_theta"] ** (-torch.arange(0, dim, 2).double() / dim)

    def initialise(self, seed):
        generator = torch.Generator().manual_seed(seed)
        depth = (2 * self.config["num_hidden_layers"]) ** -0.5
        for name, p in self.named_parameters():
            if p.dim() == 2:
                std = 0.02 if "embed" in name else p.shape[1] ** -0.5 * (depth if "o_proj" in name or "down_proj" in name else 1)
                p.data.copy_(torch.randn(p.shape, generator=generator) * std)
            elif name.endswith("bias"):
                p.data.zero_()
        return self

    def rotary(self, positions):
        """cos and sin for integer positions of any shape: [..., headDim / 2]."""
        angles = positions.double()[..., None] * self.frequencies.to(positions.device)
        return angles.cos().float(), angles.sin().float()

    def logits(self, hidden):
        return F.linear(hidden, self.model.embed_tokens.weight)

    def forward(self, ids):
        cos, sin = self.rotary(torch.arange(ids.shape[1], device=ids.device))
        return self.logits(self.model(ids, cos, sin))

    @torch.no_grad()
    def generate(self, prompts, limit, end, pad, temperature=0.0, seed=0):
        """Continues lists of ids, at most `limit` tokens each, stopping at `end`; greedy at temperature 0. Prompts are padded
        on the left and their padding is masked, so a result does not depend on what shares its batch but for rounding."""
        device = self.model.norm.weight.device
        longest = max(map(len, prompts))
        ids = torch.tensor([[pad] * (longest - len(p)) + p for p in prompts], device=device)
        start = torch.tensor([longest - len(p) for p in prompts], device=device)
        total = longest + limit
        column = torch.arange(total, device=device)
        caches = [Cache(total) for _ in self.model.layers]
        generator = torch.Generator(device).manual_seed(seed)
        out, done = [], torch.zeros(len(prompts), dtype=torch.bool, device=device)
        position = (column[None, :longest] - start[:, None]).clamp(min=0)
        for step in range(limit):
            first = caches[0].used
            seen = (column[None, None, :first + ids.shape[1]] <= column[first:first + ids.shape[1]][None, :, None]) \
                & (column[None, None, :first + ids.shape[1]] >= start[:, None, None])
            seen |= (column[None, None, :first + ids.shape[1]] == column[first:first + ids.shape[1]][None, :, None])
            mask = torch.zeros(seen.shape, device=device, dtype=torch.float32).masked_fill(~seen, float("-inf"))[:, None]
            cos, sin = self.rotary(position)
            if torch.is_autocast_enabled():
                mask = mask.to(torch.bfloat16)
            hidden = self.model(ids, cos[:, None], sin[:, None], mask, caches)[:, -1]
            scores = self.logits(hidden).float()
            if temperature:
                noise = torch.rand(scores.shape, generator=generator, device=device).clamp(1e-20, 1)
                scores = scores / temperature - (-noise.log()).log()
            chosen = scores.argmax(-1).masked_fill(done, pad)
            done |= chosen == end
            out.append(chosen)
            if bool(done.all()):
                break
            ids, position = chosen[:, None], (first + ids.shape[1] - start)[:, None]
        return [[int(t) for t in row if t not in (end, pad)] for row in torch.stack(out, 1).tolist()]
