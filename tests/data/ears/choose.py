"""Prints which of a grammar's sentences a recording holds, as PocketSphinx hears it.

    choose.py FILE.wav < GRAMMAR.jsgf

The recording is 16 kHz mono 16 bit. A grammar makes the recogniser choose between words of the same kind, whoever
speaks: an ear for voices that it cannot follow word by word. Prints an empty line when no sentence fits.
"""

import sys
import wave

from pocketsphinx import Decoder

RATE = 16_000


def main() -> None:
    """Hears one recording."""
    with wave.open(sys.argv[1]) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            sys.exit("choose.py: the recording is not 16 kHz mono 16 bit")
        sound = file.readframes(file.getnframes())
    decoder = Decoder(samprate=RATE, lm=None, loglevel="ERROR")
    decoder.add_jsgf_string("choice", sys.stdin.read())
    decoder.activate_search("choice")
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp()
    print(heard.hypstr if heard else "")


if __name__ == "__main__":
    main()
