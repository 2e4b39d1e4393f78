"""Learns both vocabularies from the corpus generator's own text: byte-level BPE for the LLM, WordPiece for the embedder.

    python3 make_tokenizers.py --corpus path/to/malrule-corpus --llm DIR --embedder DIR

Only training text is read, so no piece stands for a word that the models never see.
"""
import argparse
import json
import os
import shlex
from collections import Counter

from rows import conversations
from tokenisation import ChatTokenizer, WordPieceTokenizer, write_json


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--corpus", required=True)
    p.add_argument("--llm", required=True)
    p.add_argument("--embedder", required=True)
    p.add_argument("--llm-size", type=int, default=4096)
    p.add_argument("--embedder-size", type=int, default=3072)
    p.add_argument("--conversations", type=int, default=40000)
    p.add_argument("--pairs", type=int, default=40000)
    p.add_argument("--context", type=int, default=2048)
    p.add_argument("--embedder-context", type=int, default=128)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    corpus = shlex.split(a.corpus)
    chat, answers = Counter(), Counter()
    for line in conversations([*corpus, "conversations", "--seed", str(a.seed), "--count", str(a.conversations)]):
        for message in line["messages"]:
            chat[message["content"]] += 1
            if message["role"] == "assistant":
                answers[message["content"]] += 1
    for role in ("system", "user", "assistant"):
        chat[role + "\n"] = a.conversations
    for line in conversations([*corpus, "pairs", "--seed", str(a.seed), "--count", str(a.pairs)]):
        answers[line["anchor"]] += 1
        answers[line["positive"]] += 1
    llm = ChatTokenizer.train(chat, a.llm_size)
    llm.save(a.llm, a.context)
    write_json(os.path.join(a.llm, "generation_config.json"), {
        "bos_token_id": llm.pad, "do_sample": True, "eos_token_id": [llm.end, llm.pad], "pad_token_id": llm.pad,
        "temperature": 0.7, "top_p": 0.8, "top_k": 20}, indent=2)
    embedder = WordPieceTokenizer.train(answers, a.embedder_size)
    embedder.save(a.embedder, a.embedder_context)
    print(json.dumps({"llm": llm.size, "embedder": embedder.size, "texts": len(chat), "answers": len(answers)}))


if __name__ == "__main__":
    main()
