"""Byte-level BPE and WordPiece, trained and applied without other libraries.

The vocabularies are tiny (a few thousand entries), so a plain trainer over the table of distinct words takes seconds, and an
encoder that remembers each word's ids is as fast as a compiled one. `make_goldens.py` checks every id against Hugging Face's
`tokenizers` reading the same tokenizer.json.
"""
import json
import os
import re
import unicodedata
from collections import Counter, defaultdict

import regex

QWEN_SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
              r"|\s*[\r\n]+|\s+(?!\S)|\s+")
CHAT_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
BERT_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
DEFAULT_SYSTEM = "You are a helpful assistant."


def byte_alphabet():
    """The printable character that stands for each byte in a byte-level vocabulary."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names = {byte: chr(byte) for byte in plain}
    spare = 256
    for byte in range(256):
        if byte not in names:
            names[byte] = chr(spare)
            spare += 1
    return names


BYTES = byte_alphabet()


def merge_table(words, target, symbols, inner=""):
    """Greedy pair merging: `words` maps a tuple of symbols to its count; `inner` marks a piece that does not begin a word.
    Returns the merges in order and grows `symbols`."""
    pieces = [list(word) for word in words]
    counts = list(words.values())
    pairs, where = Counter(), defaultdict(set)
    for index, piece in enumerate(pieces):
        for pair in zip(piece, piece[1:]):
            pairs[pair] += counts[index]
            where[pair].add(index)
    known, merges = set(symbols), []
    while len(symbols) < target and pairs:
        pair = min(pairs, key=lambda p: (-pairs[p], p))
        if pairs[pair] < 2:
            break
        merged = pair[0] + pair[1][len(inner):]
        merges.append(pair)
        if merged not in known:
            known.add(merged)
            symbols.append(merged)
        for index in sorted(where.pop(pair)):
            piece = pieces[index]
            for old in zip(piece, piece[1:]):
                pairs[old] -= counts[index]
                if pairs[old] <= 0:
                    del pairs[old]
            pieces[index] = piece = merge(piece, pair, merged)
            for new in zip(piece, piece[1:]):
                pairs[new] += counts[index]
                where[new].add(index)
        pairs.pop(pair, None)
    return merges


def merge(piece, pair, merged):
    out, i = [], 0
    while i < len(piece):
        if i + 1 < len(piece) and piece[i] == pair[0] and piece[i + 1] == pair[1]:
            out.append(merged)
            i += 2
        else:
            out.append(piece[i])
            i += 1
    return out


class ChatTokenizer:
    """Qwen2.5's pipeline (NFC, its split pattern, byte-level BPE) with ChatML's three special tokens after the vocabulary."""

    def __init__(self, vocabulary, merges):
        self.vocabulary, self.merges = vocabulary, [tuple(m) for m in merges]
        self.ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self.special = {name: len(vocabulary) + i for i, name in enumerate(CHAT_TOKENS)}
        self.names = {i: name for name, i in [*vocabulary.items(), *self.special.items()]}
        self.end, self.pad = self.special["<|im_end|>"], self.special["<|endoftext|>"]
        self.pattern = regex.compile(QWEN_SPLIT)
        self.cache, self.texts = {}, {}
        self.size = len(vocabulary) + len(CHAT_TOKENS)

    @classmethod
    def train(cls, texts, size):
        words = Counter()
        pattern = regex.compile(QWEN_SPLIT)
        for text, count in texts.items():
            for word in pattern.findall(unicodedata.normalize("NFC", text)):
                words[word] += count
        table = {tuple(BYTES[b] for b in word.encode()): count for word, count in sorted(words.items())}
        symbols = [BYTES[b] for b in range(256)]
        symbols.sort()
        merges = merge_table(table, size - len(CHAT_TOKENS), symbols)
        return cls({symbol: i for i, symbol in enumerate(symbols)}, merges)

    @classmethod
    def load(cls, folder):
        with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
            model = json.load(file)["model"]
        return cls(model["vocab"], model["merges"])

    def word(self, word):
        ids = self.cache.get(word)
        if ids is None:
            piece = [BYTES[b] for b in word.encode()]
            while len(piece) > 1:
                rank, best = min((self.ranks.get(pair, 1 << 30), pair) for pair in zip(piece, piece[1:]))
                if rank == 1 << 30:
                    break
                piece = merge(piece, best, best[0] + best[1])
            ids = self.cache[word] = [self.vocabulary[symbol] for symbol in piece]
        return ids

    def encode(self, text):
        """The ids of plain text (special tokens are not looked for)."""
        cache, out = self.cache, []
        for word in self.pattern.findall(unicodedata.normalize("NFC", text)):
            ids = cache.get(word)
            out += self.word(word) if ids is None else ids
        return out

    def encode_freely(self, text, chance, share=0.15):
        """As `encode`, but each merge is passed over with a probability (BPE dropout, Provilkov et al. 2020)."""
        out = []
        for word in self.pattern.findall(unicodedata.normalize("NFC", text)):
            piece = [BYTES[b] for b in word.encode()]
            while len(piece) > 1:
                pairs = [(self.ranks.get(pair, 1 << 30), pair) for pair in zip(piece, piece[1:])]
                pairs = [p for p in pairs if p[0] < 1 << 30 and chance.random() >= share]
                if not pairs:
                    break
                best = min(pairs)[1]
                piece = merge(piece, best, best[0] + best[1])
            out += [self.vocabulary[symbol] for symbol in piece]
        return out

    def turn(self, role, content):
        """One ChatML turn as (ids, first index of the content); repeated turns are remembered."""
        known = self.texts.get((role, content))
        if known is None:
            head = [self.special["<|im_start|>"], *self.encode(role + "\n")]
            known = ([*head, *self.encode(content), self.end, *self.encode("\n")], len(head))
            if len(self.texts) < 20000:
                self.texts[(role, content)] = known
        return known

    def chat(self, messages, prompt=False, chance=None):
        """ChatML as the chat template renders it: (ids, answers); answers[i] = 1 where id i is an assistant's own token and its
        turn is not marked `"train": false`. With `chance`, every answer is cut into pieces freely, the same wherever it recurs."""
        ids, answers, free = [], [], {}
        if messages[0]["role"] != "system":
            messages = [{"role": "system", "content": DEFAULT_SYSTEM}, *messages]
        for message in messages:
            turn, start = self.turn(message["role"], message["content"])
            if chance and message["role"] == "assistant":
                if message["content"] not in free:
                    free[message["content"]] = self.encode_freely(message["content"], chance)
                turn = [*turn[:start], *free[message["content"]], self.end, turn[-1]]
            ids += turn
            if message["role"] == "assistant" and message.get("train", True):
                answers += [0] * start + [1] * (len(turn) - start - 1) + [0]
            else:
                answers += [0] * len(turn)
        if prompt:
            ids += [self.special["<|im_start|>"], *self.encode("assistant\n")]
            answers += [0] * (len(ids) - len(answers))
        return ids, answers

    def decode(self, ids):
        back = {name: byte for byte, name in BYTES.items()}
        text = "".join(self.names.get(int(i), "") for i in ids if int(i) < len(self.vocabulary))
        return bytes(back[c] for c in text).decode(errors="replace")

    def save(self, folder, context):
        os.makedirs(folder, exist_ok=True)
        added = [{"id": i, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                  "special": True} for name, i in self.special.items()]
        level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
        write_json(os.path.join(folder, "tokenizer.json"), {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": QWEN_SPLIT}, "behavior": "Isolated", "invert": False}, level]},
            "post_processor": level, "decoder": level,
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                      "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": self.vocabulary, "merges": [list(pair) for pair in self.merges]}})
        write_json(os.path.join(folder, "tokenizer_config.json"), {
            "add_bos_token": False, "add_prefix_space": False,
            "added_tokens_decoder": {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in added},
            "additional_special_tokens": ["<|im_start|>", "<|im_end|>"], "bos_token": None,
            "chat_template": chat_template(), "clean_up_tokenization_spaces": False, "eos_token": "<|im_end|>",
            "errors": "replace", "model_max_length": context, "pad_token": "<|endoftext|>",
            "split_special_tokens": False, "tokenizer_class": "Qwen2Tokenizer", "unk_token": None}, indent=2)


def chat_template():
    return ("{%- if messages[0].role != 'system' -%}\n"
            "{{ '<|im_start|>system\\n" + DEFAULT_SYSTEM + "<|im_end|>\\n' }}\n"
            "{%- endif -%}\n"
            "{%- for message in messages -%}\n"
            "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}\n"
            "{%- endfor -%}\n"
            "{%- if add_generation_prompt -%}\n"
            "{{ '<|im_start|>assistant\\n' }}\n"
            "{%- endif -%}")


class WordPieceTokenizer:
    """BERT's uncased pipeline: clean, lower-case, strip accents, split at spaces and punctuation, longest pieces first."""

    def __init__(self, vocabulary):
        self.vocabulary, self.cache = vocabulary, {}
        self.size = len(vocabulary)

    @classmethod
    def train(cls, texts, size):
        words = Counter()
        for text, count in texts.items():
            for word in split_words(text):
                words[word] += count
        table = {(word[0], *("##" + c for c in word[1:])): count for word, count in sorted(words.items())}
        # Every printable ASCII character is a piece, first and inner: no English word or number is ever unknown.
        ascii_letters = [chr(c) for c in range(33, 127) if not chr(c).isupper()]
        alphabet = {symbol for word in table for symbol in word} | set(ascii_letters)
        alphabet |= {"##" + c for c in ascii_letters if c.isalnum()}
        symbols = BERT_TOKENS + sorted(alphabet)
        merge_table(table, size, symbols, inner="##")
        return cls({symbol: i for i, symbol in enumerate(symbols)})

    @classmethod
    def load(cls, folder):
        with open(os.path.join(folder, "tokenizer.json"), encoding="utf-8") as file:
            return cls(json.load(file)["model"]["vocab"])

    def word(self, word):
        ids = self.cache.get(word)
        if ids is None:
            ids, start = [], 0
            while start < len(word):
                for end in range(len(word), start, -1):
                    piece = self.vocabulary.get(("##" if start else "") + word[start:end])
                    if piece is not None:
                        break
                else:
                    ids = [self.vocabulary["[UNK]"]]
                    break
                ids.append(piece)
                start = end
            if len(word) > 100:
                ids = [self.vocabulary["[UNK]"]]
            self.cache[word] = ids
        return ids

    def encode(self, text):
        """[CLS] pieces [SEP]."""
        ids = [self.vocabulary["[CLS]"]]
        for word in split_words(text):
            ids += self.word(word)
        return [*ids, self.vocabulary["[SEP]"]]

    def save(self, folder, context):
        os.makedirs(folder, exist_ok=True)
        added = [{"id": self.vocabulary[name], "content": name, "single_word": False, "lstrip": False, "rstrip": False,
                  "normalized": False, "special": True} for name in BERT_TOKENS]
        cls, sep = self.vocabulary["[CLS]"], self.vocabulary["[SEP]"]
        first = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                 {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
        second = [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
        write_json(os.path.join(folder, "tokenizer.json"), {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                           "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing", "single": first, "pair": first + second, "special_tokens": {
                "[CLS]": {"id": "[CLS]", "ids": [cls], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [sep], "tokens": ["[SEP]"]}}},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100, "vocab": self.vocabulary}})
        write_json(os.path.join(folder, "tokenizer_config.json"), {
            "clean_up_tokenization_spaces": True, "cls_token": "[CLS]", "do_lower_case": True, "mask_token": "[MASK]",
            "model_max_length": context, "pad_token": "[PAD]", "sep_token": "[SEP]", "strip_accents": None,
            "tokenize_chinese_chars": True, "tokenizer_class": "BertTokenizer", "unk_token": "[UNK]"}, indent=2)


ASCII_WORDS = re.compile(r"[a-z0-9]+|[^\sa-z0-9\x00-\x1f\x7f]")


def split_words(text):
    if text.isascii():
        return ASCII_WORDS.findall(text.lower())
    out, kept = [], []
    for c in text:
        kind = unicodedata.category(c)
        if c in "\t\n\r" or kind == "Zs":
            kept.append(" ")
        elif ord(c) in (0, 0xFFFD) or kind in ("Cc", "Cf", "Cn", "Co", "Cs"):
            continue
        elif 0x4E00 <= ord(c) <= 0x9FFF or 0x3400 <= ord(c) <= 0x4DBF:
            kept.append(f" {c} ")
        else:
            kept.append(c)
    plain = "".join(c for c in unicodedata.normalize("NFD", "".join(kept)) if unicodedata.category(c) != "Mn").lower()
    for word in plain.split():
        piece = ""
        for c in word:
            if unicodedata.category(c)[0] == "P" or 33 <= ord(c) < 127 and not c.isalnum():
                if piece:
                    out.append(piece)
                out.append(c)
                piece = ""
            else:
                piece += c
        if piece:
            out.append(piece)
    return out


def write_json(path, value, indent=None):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        json.dump(value, file, ensure_ascii=False, indent=indent)
        file.write("\n")
