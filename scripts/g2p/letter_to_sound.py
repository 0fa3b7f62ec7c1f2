#!/usr/bin/env python3
"""Trains the table that src/tts/g2p/letters.rs guesses unknown words with.

    letter_to_sound.py DATA_FOLDER us src/tts/g2p/letters.us.txt

DATA_FOLDER holds us_gold.json and gb_gold.json: the pronunciation dictionaries inside the package misaki (PyPI,
0.9.4) or the crate misaki-rs (0.8.0), the same files. The last argument is the table to write.

1. Every letter of a word is aligned with none, one or two phonemes (expectation maximisation, four rounds).
2. For every letter the phonemes are counted in contexts from "the letter alone" to "four letters on each side".
3. A context is kept only if it mends at least `--gain` more training letters than the shorter contexts already do:
   that makes the table small. Longer contexts are asked first when it is read.

2,000 words are held out (the lowest FNV-1a hashes, so that the Rust test measures on the very same words) and the
error on them is printed.
"""
import argparse
import collections
import json
import math
import re

# Letters to the left and right of the one that is read, from short to long: the order of the file.
CONTEXTS = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1), (2, 3), (3, 2),
            (1, 4), (3, 3), (2, 4), (4, 2), (3, 4), (4, 4)]
PAD = "#" * 4
HELD_OUT = 2000


def fnv(word):
    value = 0x811C9DC5
    for byte in word.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


def load(path):
    words = []
    for word, sound in json.load(open(path, encoding="utf-8")).items():
        sound = sound.get("DEFAULT") if isinstance(sound, dict) else sound
        if sound and re.fullmatch("[a-z]{3,16}", word):
            sound = sound.replace("ɾ", "T").replace("ʔ", "t")
            words.append((word, re.findall("[ˈˌ]?[^ˈˌ]", sound)))
    words.sort(key=lambda pair: (fnv(pair[0]), pair[0]))
    return words[HELD_OUT:], words[:HELD_OUT]


def bare(sound):
    return [p.lstrip("ˈˌ") for p in sound]


def align(word, sound, score):
    """Where each letter's phonemes begin and end; None if the word cannot be aligned."""
    n, m, never = len(word), len(sound), -1e9
    best = [[never] * (m + 1) for _ in range(n + 1)]
    took = [[0] * (m + 1) for _ in range(n + 1)]
    best[0][0] = 0.0
    for i, letter in enumerate(word):
        row, following = best[i], best[i + 1]
        for j in range(max(0, m - 2 * (n - i)), min(m, 2 * i) + 1):
            if row[j] <= never / 2:
                continue
            for k in (0, 1, 2):
                if j + k > m:
                    break
                value = row[j] + score(letter, tuple(sound[j:j + k]))
                if value > following[j + k]:
                    following[j + k], took[i + 1][j + k] = value, k
    if best[n][m] <= never / 2:
        return None
    spans, j = [], m
    for i in range(n, 0, -1):
        k = took[i][j]
        spans.append((j - k, j))
        j -= k
    return spans[::-1]


def learn_alignment(words):
    def score(_, part):
        return {0: -2.0, 1: -0.7, 2: -3.0}[len(part)]
    for _ in range(4):
        pairs, letters = collections.Counter(), collections.Counter()
        for word, sound in words[:25000]:
            sound = bare(sound)
            for letter, (x, y) in zip(word, align(word, sound, score) or []):
                pairs[letter, tuple(sound[x:y])] += 1
                letters[letter] += 1
        table = {key: math.log((n + 0.01) / (letters[key[0]] + 10)) - (0.3 if len(key[1]) == 2 else 0) for key, n in pairs.items()}
        rare = {letter: math.log(0.01 / (n + 10)) for letter, n in letters.items()}
        def score(letter, part, table=table, rare=rare):
            return table.get((letter, part), rare.get(letter, -9.0) - (0.3 if len(part) == 2 else 0))
    return score


def contexts(word):
    padded = PAD + word + PAD
    for i in range(len(word)):
        yield [padded[4 + i - l:5 + i + r] for l, r in CONTEXTS]


def train(words, gain):
    score = learn_alignment(words)
    counts = [collections.defaultdict(collections.Counter) for _ in CONTEXTS]
    samples = []
    for word, sound in words:
        spans = align(word, bare(sound), score)
        for keys, (x, y) in zip(contexts(word), spans or []):
            answer = "".join(sound[x:y])
            samples.append((keys, answer))
            for level, key in enumerate(keys):
                counts[level][key][answer] += 1
    table = [{} for _ in CONTEXTS]
    guess = [None] * len(samples)
    for level in range(len(CONTEXTS)):
        now_right = collections.Counter()
        for i, (keys, answer) in enumerate(samples):
            now_right[keys[level]] += guess[i] == answer
        for key, answers in counts[level].items():
            answer, n = answers.most_common(1)[0]
            if level == 0 or n - now_right[key] >= gain:
                table[level][key] = answer
        for i, (keys, _) in enumerate(samples):
            guess[i] = table[level].get(keys[level], guess[i])
    return table


def say(table, word):
    out = []
    for keys in contexts(word):
        out.append(next(table[level][keys[level]] for level in reversed(range(len(CONTEXTS))) if keys[level] in table[level]))
    return re.findall("[ˈˌ]?[^ˈˌ]", "".join(out))


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        old, row[0] = row[:], i + 1
        for j, y in enumerate(b):
            row[j + 1] = min(old[j + 1] + 1, row[j] + 1, old[j] + (x != y))
    return row[-1]


def measure(table, words):
    wrong = stressed = total = whole = 0
    for word, sound in words:
        heard = say(table, word)
        wrong += distance(bare(heard), bare(sound))
        stressed += distance(heard, sound)
        total += len(sound)
        whole += bare(heard) != bare(sound)
    print(f"held out {len(words)} words: phoneme error {wrong / total:.4f}, with stress {stressed / total:.4f}, words {whole / len(words):.4f}")


def write(table, path):
    with open(path, "w", encoding="utf-8") as out:
        for (left, right), level in zip(CONTEXTS, table):
            print(f"@{left}{right}", file=out)
            groups = collections.defaultdict(list)
            for key, answer in level.items():
                groups[answer].append(key)
            for answer, keys in sorted(groups.items()):
                print(answer + " " + "".join(sorted(keys)), file=out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("accent", choices=["us", "gb"])
    parser.add_argument("table")
    parser.add_argument("--gain", type=int, default=2)
    args = parser.parse_args()
    words, held_out = load(f"{args.data}/{args.accent}_gold.json")
    table = train(words, args.gain)
    measure(table, held_out)
    write(table, args.table)
    print(f"{sum(map(len, table))} contexts of {len(words)} words")


if __name__ == "__main__":
    main()
