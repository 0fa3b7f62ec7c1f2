#!/usr/bin/env python3
"""Phonemes of tests/data/g2p/sentences.txt by the Python package misaki, which Kokoro was trained with.

    pip install --no-deps misaki==0.9.4 && pip install addict num2words regex numpy
    reference.py tests/data/g2p/tokens.json <Kokoro's config.json> tests/data/g2p/reference.json

misaki takes words and their tags from a spaCy model that is in no package registry. It is handed the tokens and tags
of misaki-rs instead (tokens.json; a test writes it), by a stand-in for the module spacy. No fall-back for unknown words
is given: they come out as a question mark, which the voice does not know.
"""
import json
import sys
import types


def stand_in():
    """A module spacy whose pipelines return tokens that were made elsewhere."""
    tokens = []

    def pipeline(_text):
        return [types.SimpleNamespace(text=text, tag_=tag, whitespace_=space) for text, tag, space in tokens]

    spacy = types.ModuleType("spacy")
    spacy.util = types.SimpleNamespace(is_package=lambda _name: True)
    spacy.load = lambda _name, enable=None: pipeline
    sys.modules["spacy"] = spacy
    return tokens


def main():
    tagged_path, config_path, out_path = sys.argv[1:]
    tokens = stand_in()
    from misaki import en

    g2p = en.G2P(british=False, fallback=None)
    vocab = json.load(open(config_path, encoding="utf-8"))["vocab"]
    rows = []
    for line in json.load(open(tagged_path, encoding="utf-8")):
        tokens[:] = line["tokens"]
        phonemes, _ = g2p(line["words"], preprocess=False)
        ids = [vocab[c] for c in phonemes if c in vocab]
        rows.append({"text": line["text"], "phonemes": phonemes, "ids": ids})
    with open(out_path, "w", encoding="utf-8") as out:
        out.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
