"""What Hugging Face's libraries say about the shipped checkpoints, for the engine's tests: token ids, greedy tokens, logprobs,
embeddings, all in fp32 on the CPU, the LLM on its dequantised weights.

    python3 make_goldens.py --corpus path/to/malrule-corpus --llm DIR --embedder DIR --out DIR

It also checks this folder's own tokenizers, models and chat rendering against Hugging Face's, and stops at the first difference.
"""
import argparse
import os
import shlex
import tempfile

import torch
import tokenizers
import transformers

from checkpoints import dequantised, load_tensors, read_config, save_model
from evaluate import load_embedder, load_llm
from ranking import catalogue_of
from rows import conversations
from tokenisation import DEFAULT_SYSTEM, ChatTokenizer, WordPieceTokenizer, write_json

GREEDY = 32
TEXTS = ["", " ", "a", "Hello, world!", "  two  spaces\n\n\nand lines \n", "It's the student's 3rd try; they'll do it, I'd say.", "\\( \\frac{3}{8} \\div \\frac{-5}{12} \\)",
         "1234567890", "3.14159 and -2,718", "x^{2}-5x+6=0", "\\[\n\\begin{array}{l} y=2x+1 \\end{array}\n\\]", "![A graph. Two lines cross.]()", "£4.50 or 20 % off",
         "café naïve déjà vu", "cafe\u0301 (decomposed)", "数学の誤り 错误", "Ünïcödé ÅÄÖ ß", "emoji 🙂🎓 done", "tab\tand\r\nreturn", "ALL CAPS AND MiXeD",
         "don't DON'T we'Re", "under_score-hyphen/slash", "∠ABC = 90°", "π ≈ 22⁄7, √2, x², ½", "....", "!?!?", "a  b   c    d", "end with space ",
         "Adds the numerators and adds the denominators", "Unlearnable antidisestablishmentarianism", "Incorrect Answer: \\( \\frac{24}{15} \\)"]


def logprobs(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].float().log_softmax(-1)


def llm_case(model, messages, ids):
    first = logprobs(model, ids)
    top = first[-1].topk(8)
    greedy, values, margins, line = [], [], [], list(ids)
    for _ in range(GREEDY):
        best = logprobs(model, line)[-1].topk(2)
        greedy.append(int(best.indices[0]))
        values.append(round(float(best.values[0]), 5))
        margins.append(round(float(best.values[0] - best.values[1]), 4))
        line.append(greedy[-1])
    return {"messages": messages, "prompt_token_ids": ids,
            "prompt_logprobs": [round(float(first[i, token]), 5) for i, token in enumerate(ids[1:])],
            "last_top8_ids": top.indices.tolist(), "last_top8_logprobs": [round(float(v), 5) for v in top.values],
            f"greedy_{GREEDY}": greedy, "greedy_logprobs": values, "greedy_margins": margins}


def tokenizer_cases(path, texts, special):
    tokenizer = tokenizers.Tokenizer.from_file(path)
    cases = []
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=special).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False),
                      "decoded_skip_special": tokenizer.decode(ids, skip_special_tokens=True)})
    return {"source": f"tokenizers {tokenizers.__version__} (Hugging Face)", "add_special_tokens": special, "cases": cases}


def check(condition, what):
    if not condition:
        raise SystemExit(f"differs from Hugging Face: {what}")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--corpus", required=True)
    p.add_argument("--llm", required=True)
    p.add_argument("--embedder", required=True)
    p.add_argument("--out", required=True)
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)
    corpus = shlex.split(a.corpus)
    source = f"transformers {transformers.__version__} fp32"
    catalogue = catalogue_of(corpus)
    lines = list(conversations([*corpus, "prompts", "--seed", "1"]))
    many = list(conversations([*corpus, "prompts", "--seed", "1", "--shots", "6", "--questions", "60"]))
    dialogues = [[{"role": "user", "content": "Hello!"}], [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is \\( 3 \\times 4 \\) ?"}],
                 *(lines[i]["messages"] for i in range(0, len(lines), len(lines) // 5)), max((m["messages"] for m in many), key=lambda m: sum(len(t["content"]) for t in m))]

    own, hub = ChatTokenizer.load(a.llm), transformers.AutoTokenizer.from_pretrained(a.llm)
    fast = tokenizers.Tokenizer.from_file(os.path.join(a.llm, "tokenizer.json"))
    for line in lines:
        text = hub.apply_chat_template(line["messages"], tokenize=False, add_generation_prompt=True)
        check(fast.encode(text, add_special_tokens=False).ids == own.chat(line["messages"], prompt=True)[0], f"the prompt of {line['id']}")
    default = hub.apply_chat_template(dialogues[0], tokenize=False, add_generation_prompt=True)
    check(default == f"<|im_start|>system\n{DEFAULT_SYSTEM}<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n", "the default system message")

    with tempfile.TemporaryDirectory() as folder:
        config = {k: v for k, v in read_config(a.llm).items() if k != "quantization_config"}
        save_model(folder, {**config, "torch_dtype": "float32"}, dequantised(load_tensors(os.path.join(a.llm, "model.safetensors"))))
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    mine = load_llm(a.llm, "cpu")
    cases = []
    for messages in dialogues:
        ids = own.chat(messages, prompt=True)[0]
        cases.append(llm_case(model, messages, ids))
        with torch.no_grad():
            gap = (mine(torch.tensor([ids]))[0].log_softmax(-1) - logprobs(model, ids)).abs().max().item()
        check(gap < 1e-3, f"logprobs by {gap}")
        print("prompt of", len(ids), "tokens: own model within", gap, repr(own.decode(cases[-1][f"greedy_{GREEDY}"])[:90]))
    write_json(os.path.join(a.out, "llm.json"), {"source": source + " on the dequantised weights", "cases": cases})

    texts = [m["name"] for m in catalogue[::20]] + [t for m in catalogue[7::40] for t in m["paraphrases"][:2]] + \
        ["The student adds the tops", "They multiply instead of dividing .", "", "unknown wörds ∠ 数", "Adds " * 60]
    pieces = WordPieceTokenizer.load(a.embedder)
    bert = transformers.AutoModel.from_pretrained(a.embedder, dtype=torch.float32, add_pooling_layer=False).eval()
    embedder, cases = load_embedder(a.embedder, "cpu"), []
    for i in range(0, len(texts), 4):
        rows = [pieces.encode(text) for text in texts[i:i + 4]]
        longest = max(map(len, rows))
        ids = torch.tensor([r + [0] * (longest - len(r)) for r in rows])
        mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows])
        with torch.no_grad():
            hidden = bert(input_ids=ids, attention_mask=mask).last_hidden_state
            vectors = torch.nn.functional.normalize((hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), dim=-1)
        gap = (embedder.embed(texts[i:i + 4], pieces) - vectors).abs().max().item()
        check(gap < 1e-5, f"embeddings by {gap}")
        cases.append({"texts": texts[i:i + 4], "token_ids": rows, "mean_normalized": [[round(x, 6) for x in v] for v in vectors.tolist()]})
    write_json(os.path.join(a.out, "embedder.json"), {"source": source, "cases": cases})

    chosen = TEXTS + [m["name"] for m in catalogue[3::13]] + [lines[i]["messages"][-1]["content"] for i in range(11, len(lines), 60)]
    for name, path, special in (("llm-tokenizer", a.llm, False), ("embedder-tokenizer", a.embedder, True)):
        golden = tokenizer_cases(os.path.join(path, "tokenizer.json"), chosen, special)
        write_json(os.path.join(a.out, name + ".json"), golden)
        encode = pieces.encode if special else own.encode
        wrong = [c["text"] for c in golden["cases"] if encode(c["text"]) != c["ids"]]
        check(not wrong, f"{name}: {wrong}")
        print(name, len(golden["cases"]), "texts agree")
    chat = [{"messages": m, "rendered": hub.apply_chat_template(m, tokenize=False, add_generation_prompt=True)} for m in dialogues[:3]]
    write_json(os.path.join(a.out, "chat-template.json"), {"source": source, "cases": chat})


if __name__ == "__main__":
    main()
