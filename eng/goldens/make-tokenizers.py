#!/usr/bin/env python3
"""Trains the tiny tokenizers under test/data/tokenizers on the sentences below and writes the texts to be encoded.

Four tokenizer.json files that between them use what the published ones do: Qwen2.5's, Llama 3's and GPT-2's kinds of byte-level BPE,
and BERT's WordPiece. Ids are then recorded with Hugging Face's own library by eng/goldens/record-tokenizer-goldens.mjs.

    python3 eng/goldens/make-tokenizers.py test/data/tokenizers
"""
import json
import os
import re
import sys
from collections import Counter

CORPUS = """
A student adds the numerators and the denominators when adding fractions. The teacher asks why one half plus one third is not two fifths.
Believes that multiplying always makes a number larger. Believes that dividing by ten moves the digits to the left.
Does not know that the order of operations puts multiplication before addition. Confuses the area of a rectangle with its perimeter.
Thinks a negative times a negative is negative. When rounding to one decimal place, cuts the remaining digits instead of rounding.
Which of the following is equal to three quarters? Write the answer as a fraction in its simplest form. What is the value of x?
Question: what is the mean of the numbers? Answer: divide the sum by how many there are. Explanation: the median was found instead.
The angles on a straight line add up to one hundred and eighty degrees. The angles around a point add up to three hundred and sixty.
It's not the student's fault; they've been told a rule that doesn't always hold. You'll see that we're not done, and I'd say I'm sure.
Subtracts the smaller digit from the larger digit in each column. Reads the scale of the axis as going up in ones. Counts the endpoints twice.
The misconception is that a longer decimal is a larger number. The distractor shows the answer that this misconception leads to.
"""

MERGES = 300
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

TEXTS = [
    "", " ", "  ", "\n", "\r\n\r\n", "\t x", "a", "Hello, world!", "It's what they'Ve said: I'M, you'LL, we'RE'S",
    "  two  spaces\n\n\nand lines\r\n\ttab ", "The student's answer is 3/4, not 0.75 or 12345678.", "x²+y³≠½ − 7×8÷9 ≤ π",
    "误解：先做加法再做乘法。", "日本語のテスト ｶﾀｶﾅ 한국어 ภาษาไทย العربية עברית हिन्दी", "👩‍👩‍👧‍👦 🇬🇧 🤦🏽‍♂️ done",
    "e\u0301 vs é; ﬁ ligature; Å; Ω; 가", "가각 각 q\u0323\u0307 q\u0307\u0323", "𝒜𝒷𝟙 𠀀𠀁 𐐀𐐨 a𝒜b 1𝟙2", "Ⅷ ① ²³ १२३ ٣٤٥ 𝟘𝟙",
    "<|im_start|>user\nWhat is 1+1?<|im_end|>\n<|endoftext|>", "<|im_start|><|im_sta rt|> <tool_call>{}</tool_call>",
    "a\u0000b\u200bc\ufeffd\u00a0e\u2028f\u0085g\u000bh\u001ci", "\ud7ff\ue000 private \U000f0000 \U0010ffff \ufffd",
    "ALL CAPS MiXeD camelCase snake_case kebab-case", "x" * 250, "ab " * 60, "fraction" * 30, "don't won't can't it's O'Neil's 'ſ 'S",
    "```python\nfor i in range(10):\n    print(i)\n```\n", "https://example.org/a?b=c&d=%20#e", ". ", " .", "\t\t\n \n", " \u3000 \u2003x",
    "ÀÉÎÕÜ straße ŁÓDŹ İstanbul ǅ ΣΑΣ ẞ K", "[CLS] [MASK] [SEP] ##ing unaffable", "Believes \\( \\frac{3}{4} \\times 1 \\) is larger",
    "a_b __init__ +-*/ $100 ^_^ `tick` <b> ~", "I do not know . What ? Yes ! a , b ' s n't", "A\u0301\u0301\u0301 N\u0303 c\u0327", "<mark> a <mark>b<mark> wordy word wordword sword word.",
    "left <l> right<r>  both  <b>  end", "ﷺ ㍿ ½ ﬃ ｱ ⑴", "ܐܵ ྲཱྀ ༀ \u0f73 \u0344 \u0958", "\ud55c\u1100\u1161\u11a8 \u1100\u1161 \uac00\u11a8",
]

BYTE_CHARS = {}
_next = 256
for _b in range(256):
    if 0x21 <= _b <= 0x7E or 0xA1 <= _b <= 0xAC or 0xAE <= _b <= 0xFF:
        BYTE_CHARS[_b] = chr(_b)
    else:
        BYTE_CHARS[_b] = chr(_next)
        _next += 1


def train_bpe(words: Counter, count: int) -> list[tuple[str, str]]:
    splits = {word: list(word) for word in words}
    merges = []
    while len(merges) < count:
        pairs: Counter = Counter()
        for word, times in words.items():
            for pair in zip(splits[word], splits[word][1:]):
                pairs[pair] += times
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word, parts in splits.items():
            i = 0
            while i + 1 < len(parts):
                if (parts[i], parts[i + 1]) == best:
                    parts[i:i + 2] = [best[0] + best[1]]
                i += 1
    return merges


def byte_level_words() -> Counter:
    words: Counter = Counter()
    for word in re.findall(r" ?[A-Za-z]+|'[a-z]+|[^\sA-Za-z]+|\s+", CORPUS):
        words["".join(BYTE_CHARS[b] for b in word.encode())] += 1
    return words


def added(token_id: int, content: str, **flags: bool) -> dict:
    names = ("single_word", "lstrip", "rstrip", "normalized", "special")
    return {"id": token_id, "content": content, **{name: flags.get(name, False) for name in names}}


def bpe_file(merges, pretty, normalizer, pre_tokenizer, post_processor, extra, **model) -> dict:
    vocab = {}
    for symbol in sorted(BYTE_CHARS.values()):
        vocab[symbol] = len(vocab)
    for left, right in merges:
        vocab.setdefault(left + right, len(vocab))
    for word in model.pop("words", []):
        vocab.setdefault(word, len(vocab))
    size = len(vocab)
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(size + i, content, **flags) for i, (content, flags) in enumerate(extra)],
        "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, **model,
                  "vocab": vocab, "merges": [list(m) for m in merges] if pretty else [" ".join(m) for m in merges]},
    }


def split_then_bytes(pattern: str) -> dict:
    return {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}


def wordpiece_file() -> dict:
    words = Counter(word.lower() for word in re.findall(r"[A-Za-z]+", CORPUS))
    vocab = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])}
    letters = "abcdefghijklmnopqrstuvwxyz"
    for char in [*letters, *("##" + c for c in letters), *"0123456789", *("##" + c for c in "0123456789"),
                 *"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~²³½πä加法", "##²", "##½", "ᄀ", "##ᅡ", "##ᆨ", "ß", "##ß", "𐐨", "##𐐨"]:
        vocab.setdefault(char, len(vocab))
    for word in sorted(word for word, times in words.items() if times >= 2):
        vocab.setdefault(word, len(vocab))
    for tail in ("##ing", "##s", "##er", "##tion", "##able", "##ator", "##ed"):
        vocab.setdefault(tail, len(vocab))
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 12, "strategy": "LongestFirst", "stride": 0}, "padding": None,
        "added_tokens": [added(vocab[name], name, special=True) for name in names],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", vocab["[SEP]"]], "cls": ["[CLS]", vocab["[CLS]"]]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 40, "vocab": vocab},
    }


def main(folder: str) -> None:
    merges = train_bpe(byte_level_words(), MERGES)
    special = {"special": True}
    chat = [("<|endoftext|>", special), ("<|im_start|>", special), ("<|im_end|>", special), ("<tool_call>", {}), ("</tool_call>", {})]
    odd = [("<|begin|>", special), ("<|end|>", special), ("<mark>", {"normalized": True, "lstrip": True, "rstrip": True}),
           ("<l>", {"lstrip": True}), ("<r>", {"rstrip": True}), ("word", {"single_word": True}), ("wordy", {"single_word": True, "normalized": True}),
           ("N\u0303", {"normalized": True})]
    begin = 256 + MERGES + 1
    files = {
        "qwen-like": (bpe_file(merges, True, {"type": "NFC"}, split_then_bytes(QWEN),
                               {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}, chat), False),
        "llama-like": (bpe_file(merges, False, {"type": "Sequence", "normalizers": [{"type": "NFKC"}]}, split_then_bytes(LLAMA),
                                {"type": "Sequence", "processors": [
                                    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
                                    {"type": "TemplateProcessing",
                                     "single": [{"SpecialToken": {"id": "<|begin|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                                     "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                                     "special_tokens": {"<|begin|>": {"id": "<|begin|>", "ids": [begin], "tokens": ["<|begin|>"]}}}]},
                                odd, ignore_merges=True, words=["Ġmisconceptions"]), True),
        "gpt2-like": (bpe_file(merges, False, None,
                               {"type": "Sequence", "pretokenizers": [
                                   {"type": "Digits", "individual_digits": True},
                                   {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}]},
                               None, chat[:1]), True),
        "bert-like": (wordpiece_file(), True),
    }
    for name, (file, special_tokens) in files.items():
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        write(os.path.join(folder, name, "tokenizer.json"), file)
        write(os.path.join(folder, name, "golden.json"), {"add_special_tokens": special_tokens, "cases": [{"text": text} for text in TEXTS]})


def write(path: str, value: dict) -> None:
    with open(path, "w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=True, separators=(",", ":"))
        out.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
