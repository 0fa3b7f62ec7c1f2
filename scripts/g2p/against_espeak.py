#!/usr/bin/env python3
"""Holds our letter-to-sound table against the program espeak-ng, on the words that the table was not made from.

    against_espeak.py DATA_FOLDER src/tts/g2p/letters.us.txt

DATA_FOLDER holds us_gold.json (see letter_to_sound.py). espeak-ng's IPA is written in Kokoro's American phonemes first.
Two figures each: as it is, and with the four ways of writing an unstressed short vowel taken for one, which is what the
two differ in most and what a listener hears least.
"""
import argparse
import re
import subprocess

import letter_to_sound as ours

# What espeak-ng writes (with a tie bar for double sounds) and what Kokoro's phonemes are for it; in this order.
PHONEMES = [("a^ɪ", "I"), ("a^ʊ", "W"), ("d^ʒ", "ʤ"), ("e^ɪ", "A"), ("t^ʃ", "ʧ"), ("ɔ^ɪ", "Y"), ("ə^l", "ᵊl"), ("o^ʊ", "O"),
            ("e", "A"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɚ", "əɹ"), ("ɪə", "iə"), ("oːɹ", "ɔɹ"), ("ː", ""), ("ɾ", "T"), ("r", "ɹ"),
            ("ʔ", "t"), ("x", "k"), ("ç", "k"), ("ɐ", "ə"), ("ɬ", "l"), ("ʲ", ""), ("\u0303", ""), ("^", ""), (" ", ""), ("-", "")]
AT_ONCE = 10  # many short fragments in one call crash it


def ask(words):
    call = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", "en-us", "-b", "1", "\n\n".join(words)]
    lines = subprocess.run(call, capture_output=True, text=True, check=True, timeout=10).stdout.splitlines()
    return [line.strip() for line in lines if line.strip()]


def espeak(words):
    for start in range(0, len(words), AT_ONCE):
        some = words[start:start + AT_ONCE]
        said = ask(some)
        yield from said if len(said) == len(some) else (ask([word])[0] for word in some)


def kokoro(sound):
    for theirs, phoneme in PHONEMES:
        sound = sound.replace(theirs, phoneme)
    return re.sub("(\\S)\u0329", "ᵊ\\1", sound).replace("ɹɹ", "ɹ")


def read(path):
    table = [{} for _ in ours.CONTEXTS]
    level = width = 0
    for line in open(path, encoding="utf-8").read().splitlines():
        if line.startswith("@"):
            left, right = int(line[1]), int(line[2])
            level, width = ours.CONTEXTS.index((left, right)), left + 1 + right
        else:
            sound, keys = line.split(" ", 1)
            table[level].update((keys[i:i + width], sound) for i in range(0, len(keys), width))
    return table


def plain(sound):
    return re.sub("[ˈˌ]", "", sound)


def loose(sound):
    return re.sub("[ɪᵻᵊ]", "ə", plain(sound))


def measure(name, words, said):
    figures = []
    for form in (plain, loose):
        wrong = sum(ours.distance(form(heard), form("".join(sound))) for (_, sound), heard in zip(words, said))
        figures.append(wrong / sum(len(form("".join(sound))) for _, sound in words))
    print(f"{name}: phoneme error {figures[0]:.4f}, with short vowels taken for one {figures[1]:.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("table")
    args = parser.parse_args()
    _, words = ours.load(f"{args.data}/us_gold.json")
    table = read(args.table)
    measure("letter-to-sound", words, ["".join(ours.say(table, word)) for word, _ in words])
    measure("espeak-ng", words, [kokoro(sound) for sound in espeak([word for word, _ in words])])


if __name__ == "__main__":
    main()
