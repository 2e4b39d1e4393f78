"""BERT in plain PyTorch under Hugging Face's parameter names, with mean pooling and unit length on top: a sentence embedder."""
import torch
from torch import nn
from torch.nn import functional as F


def bert_config(vocabulary, hidden=256, layers=4, heads=4, inner=1024, context=128):
    return {"architectures": ["BertModel"], "attention_probs_dropout_prob": 0.0, "classifier_dropout": None, "hidden_act": "gelu",
            "hidden_dropout_prob": 0.0, "hidden_size": hidden, "initializer_range": 0.02, "intermediate_size": inner,
            "layer_norm_eps": 1e-12, "max_position_embeddings": context, "model_type": "bert", "num_attention_heads": heads,
            "num_hidden_layers": layers, "pad_token_id": 0, "position_embedding_type": "absolute", "torch_dtype": "float16",
            "type_vocab_size": 2, "use_cache": True, "vocab_size": vocabulary}


class Embeddings(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.word_embeddings = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.position_embeddings = nn.Embedding(c["max_position_embeddings"], c["hidden_size"])
        self.token_type_embeddings = nn.Embedding(c["type_vocab_size"], c["hidden_size"])
        self.LayerNorm = nn.LayerNorm(c["hidden_size"], c["layer_norm_eps"])

    def forward(self, ids):
        places = torch.arange(ids.shape[1], device=ids.device)
        return self.LayerNorm(self.word_embeddings(ids) + self.position_embeddings(places) + self.token_type_embeddings.weight[0])


class Block(nn.Module):
    """Holds submodules under the dotted names of the checkpoint."""

    def __init__(self, /, **parts):
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        size, inner = c["hidden_size"], c["intermediate_size"]
        self.heads = c["num_attention_heads"]
        norm = lambda: nn.LayerNorm(size, c["layer_norm_eps"])
        self.attention = Block(self=Block(query=nn.Linear(size, size), key=nn.Linear(size, size), value=nn.Linear(size, size)),
                               output=Block(dense=nn.Linear(size, size), LayerNorm=norm()))
        self.intermediate = Block(dense=nn.Linear(size, inner))
        self.output = Block(dense=nn.Linear(inner, size), LayerNorm=norm())

    def forward(self, x, mask):
        batch, length, size = x.shape
        part = getattr(self.attention, "self")
        split = lambda y: y.view(batch, length, self.heads, -1).transpose(1, 2)
        q, k, v = split(part.query(x)), split(part.key(x)), split(part.value(x))
        weights = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + mask).softmax(-1)  # [batch, heads, length, length]
        y = (weights.to(v.dtype) @ v).transpose(1, 2).reshape(batch, length, size)
        x = self.attention.output.LayerNorm(x + self.attention.output.dense(y))
        return self.output.LayerNorm(x + self.output.dense(F.gelu(self.intermediate.dense(x))))


class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.layer = nn.ModuleList(Layer(c) for _ in range(c["num_hidden_layers"]))


class Bert(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.embeddings, self.encoder = config, Embeddings(config), Encoder(config)

    def initialise(self, seed):
        generator = torch.Generator().manual_seed(seed)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                p.data.copy_(torch.randn(p.shape, generator=generator) * (0.02 if "embeddings" in name else p.shape[1] ** -0.5))
            elif name.endswith("bias"):
                p.data.zero_()
        return self

    def forward(self, ids):
        """ids [batch, length], 0 = padding: unit vectors [batch, hidden]."""
        present = (ids != 0).float()
        x = self.embeddings(ids)
        mask = (1 - present)[:, None, None] * -1e9
        for layer in self.encoder.layer:
            x = layer(x, mask)
        mean = (x.float() * present[..., None]).sum(1) / present.sum(1, keepdim=True)
        return F.normalize(mean, dim=-1)

    @torch.no_grad()
    def embed(self, texts, tokenizer, size=512):
        """Unit vectors of texts [texts, hidden], in fp32; longer texts are cut to the context."""
        device, context = self.embeddings.LayerNorm.weight.device, self.config["max_position_embeddings"]
        rows = [tokenizer.encode(text) for text in texts]
        rows = [r if len(r) <= context else r[:context - 1] + r[-1:] for r in rows]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        out = torch.empty(len(rows), self.config["hidden_size"], device=device)
        for i in range(0, len(order), size):
            part = order[i:i + size]
            out[torch.tensor(part, device=device)] = self(padded([rows[j] for j in part], device))
        return out


def padded(rows, device, length=None):
    length = length or max(map(len, rows))
    return torch.tensor([r + [0] * (length - len(r)) for r in rows], device=device)
