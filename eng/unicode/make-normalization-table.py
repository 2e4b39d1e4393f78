#!/usr/bin/env python3
"""Writes the table behind UnicodeNormalization.cs from the Unicode data that Python carries.

.NET's string.Normalize returns its input unchanged under InvariantGlobalization, and otherwise depends on the
operating system's ICU; a tokenizer must give the same ids everywhere, so the engine brings its own table.

    python3 eng/unicode/make-normalization-table.py > src/Malrule.Inference/Tokenization/UnicodeNormalization.txt
"""
import sys
import unicodedata

HANGUL = range(0xAC00, 0xD7A4)  # computed, not listed


def main() -> None:
    out = sys.stdout
    out.write(f"# Unicode {unicodedata.unidata_version}: decompositions and canonical combining classes, made by\n")
    out.write("# eng/unicode/make-normalization-table.py from the Unicode Character Database (Unicode License v3).\n")
    out.write("# CODE=A B  canonical, A B composes back   CODE!A B  canonical, never composed   CODE~A B  compatibility\n")
    out.write("# @CLASS FIRST-LAST …  combining class of ranges of code points\n")
    classes: dict[int, list[list[int]]] = {}
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or code in HANGUL:
            continue
        char = chr(code)
        combining = unicodedata.combining(char)
        if combining:
            ranges = classes.setdefault(combining, [])
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
        mapping = unicodedata.decomposition(char)
        if not mapping:
            continue
        compatibility = mapping.startswith("<")
        parts = mapping.split("> ")[1] if compatibility else mapping
        codes = [int(part, 16) for part in parts.split()]
        composes = not compatibility and unicodedata.normalize("NFC", unicodedata.normalize("NFD", char)) == char
        mark = "~" if compatibility else "=" if composes else "!"
        out.write(f"{code:X}{mark}{' '.join(f'{c:X}' for c in codes)}\n")
    for combining in sorted(classes):
        ranges = " ".join(f"{first:X}-{last:X}" for first, last in classes[combining])
        out.write(f"@{combining} {ranges}\n")


if __name__ == "__main__":
    main()
