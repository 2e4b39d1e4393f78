"""How well texts find their misconception in the catalogue: by the embedder, and by TF-IDF beside it."""
import math
import re
from collections import Counter

import torch

from rows import conversations


def catalogue_of(corpus):
    return list(conversations([*corpus, "catalogue"]))


def average_precision(scores, gold):
    """scores [queries, catalogue], gold [queries]: 1 / rank where the rank is at most 25 (ties go to the lower id), else 0."""
    own = scores.gather(1, gold[:, None])
    column = torch.arange(scores.shape[1], device=scores.device)
    ahead = (scores > own) | ((scores == own) & (column < gold[:, None]))
    rank = ahead.sum(1) + 1
    return torch.where(rank <= 25, 1.0 / rank, torch.zeros_like(own[:, 0]))


def tfidf(texts, queries):
    """Cosines of TF-IDF vectors of lower-case words: [queries, texts]."""
    words = lambda text: re.findall(r"\w+", text.lower())
    counts = Counter(w for t in texts for w in set(words(t)))
    weight = {w: math.log((1 + len(texts)) / (1 + c)) + 1 for w, c in counts.items()}
    place = {w: i for i, w in enumerate(sorted(weight))}

    def vectors(group):
        out = torch.zeros(len(group), len(place))
        for i, text in enumerate(group):
            for w, c in Counter(words(text)).items():
                if w in place:
                    out[i, place[w]] = c * weight[w]
        return torch.nn.functional.normalize(out, dim=1)
    return vectors(queries) @ vectors(texts).T


def report(model, tokenizer, catalogue, ids):
    """Every paraphrase of the given misconceptions against the names of the whole catalogue."""
    names = [m["name"] for m in catalogue]
    queries = [(t, i) for i, m in enumerate(catalogue) if m["id"] in ids for t in m["paraphrases"]]
    gold = torch.tensor([i for _, i in queries])
    texts = [t for t, _ in queries]
    scores = (model.embed(texts, tokenizer) @ model.embed(names, tokenizer).T).cpu()
    own, lexical = average_precision(scores, gold), average_precision(tfidf(names, texts), gold)
    return {"paraphrases": len(texts), "map@25": round(own.mean().item(), 4), "recall@1": round((own == 1).float().mean().item(), 4),
            "tfidf_map@25": round(lexical.mean().item(), 4)}
