"""PocketSphinx as a server of the Wyoming protocol: hears English, and spots key phrases. Its own model, no network.

    sphinx.py [--uri stdio:// | unix:///PATH] [--wake PHRASE]... [--sensitivity 0..1]

An utterance is decoded when it is complete: the recogniser then knows how loud and how dull the whole of it is, and
makes a third of the mistakes. A key phrase is looked for where somebody speaks, and nowhere else: a minute of a quiet
room, taken for speech, makes the recogniser deaf to the first words after it. On stdio the server ends when its input
ends or its parent does.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import pocketsphinx
from pocketsphinx import Decoder, Vad
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioChunkConverter, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info, WakeModel, WakeProgram
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.wake import Detect, Detection, NotDetected

RATE: Final = 16_000
# Two minutes: more is no utterance, and memory is not without end.
MOST_BYTES: Final = 120 * RATE * 2
# Shorter sound holds no word, and the recogniser would guess one.
FEWEST_BYTES: Final = RATE * 2 // 10
# Of a voice that begins: so many of the last frames of 30 ms are speech, and so many before it are kept.
VOICED: Final = 3
WINDOW: Final = 6
PREROLL: Final = 12
# Frames without speech after which it is over: more than the longest pause within a phrase.
HANGOVER: Final = 20
FRAME_S: Final = 0.03
# The recogniser counts in hundredths of a second.
TICK_MS: Final = 10
PR_SET_PDEATHSIG: Final = 1  # prctl(2)

T = TypeVar("T")
CMU: Final = Attribution(name="Carnegie Mellon University", url="https://github.com/cmusphinx/pocketsphinx")


class Ear:
    """The recogniser, and one spotter for each key phrase. Not for two threads at once, nor for two spotting clients."""

    def __init__(self, phrases: list[str], sensitivity: float) -> None:
        """Loads everything; fails with ValueError on a phrase with a word that the dictionary lacks."""
        self.decoder = Decoder(samprate=RATE, loglevel="ERROR")
        unknown = [word for phrase in phrases for word in phrase.split() if self.decoder.lookup_word(word) is None]
        if unknown:
            raise ValueError(f"the dictionary has no word {unknown[0]!r}")
        # From 1 (never) to 1e-50 (at everything): the scale is logarithmic.
        threshold = 10 ** (-50 * sensitivity)
        self.client: Handler | None = None
        self.spotters = {phrase: Spotter(phrase, threshold) for phrase in phrases}

    def transcribe(self, sound: bytes) -> str:
        """The words of an utterance, in lower case; none when there are none."""
        if len(sound) < FEWEST_BYTES:
            return ""
        self.decoder.reinit_feat()  # else what was heard before colours what is heard now
        self.decoder.start_utt()
        self.decoder.process_raw(sound, full_utt=True)
        self.decoder.end_utt()
        heard = self.decoder.hyp()
        return heard.hypstr.strip() if heard else ""

    def begin_spotting(self) -> None:
        """Forgets what the spotters heard so far."""
        for spotter in self.spotters.values():
            spotter.begin()

    def spot(self, sound: bytes, names: list[str]) -> list[tuple[int, str]]:
        """The phrases that were just heard: where each ended, in ms since the begin, and which it was."""
        return sorted((end, phrase) for phrase in names for end in self.spotters[phrase].hear(sound))


class Spotter:
    """One key phrase in a stream of sound. Speech between two silences is one utterance to it."""

    def __init__(self, phrase: str, threshold: float) -> None:
        """Loads a recogniser of its own."""
        self.decoder = Decoder(samprate=RATE, lm=None, keyphrase=phrase, kws_threshold=threshold, loglevel="ERROR")
        self.plain = self.decoder.get_cmn(False)
        self.vad = Vad(Vad.MEDIUM_STRICT, RATE, FRAME_S)
        self.open = False
        self.begin()

    def begin(self) -> None:
        """Forgets everything."""
        self.close()
        self.rest = b""
        self.before: deque[bytes] = deque(maxlen=PREROLL)
        self.voiced: deque[bool] = deque(maxlen=WINDOW)
        self.frames, self.start, self.quiet = 0, 0, 0

    def close(self) -> None:
        """The end of an utterance."""
        if self.open:
            self.decoder.end_utt()
        self.open = False

    def hear(self, sound: bytes) -> list[int]:
        """Hears on; where in the stream the phrase ended, in ms."""
        self.rest += sound
        size = self.vad.frame_bytes
        whole = len(self.rest) // size * size
        frames, self.rest = self.rest[:whole], self.rest[whole:]
        found = [self.frame(frames[at : at + size]) for at in range(0, whole, size)]
        return [end for end in found if end is not None]

    def frame(self, frame: bytes) -> int | None:
        """Hears one frame."""
        speech = self.vad.is_speech(frame)
        self.frames += 1
        if self.open:
            self.decoder.process_raw(frame)
            self.quiet = 0 if speech else self.quiet + 1
        else:
            self.before.append(frame)
            self.voiced.append(speech)
            if sum(self.voiced) < VOICED:
                return None
            self.voice_begins()
        if self.decoder.hyp() is not None:
            return self.found()
        if self.quiet >= HANGOVER:
            self.close()
        return None

    def voice_begins(self) -> None:
        """Somebody speaks: the recogniser gets what came just before as well."""
        self.decoder.set_cmn(self.plain)  # else what was heard before, or the silence, colours what is heard now
        self.decoder.start_utt()
        self.decoder.process_raw(b"".join(self.before))
        self.start, self.quiet, self.open = self.frames - len(self.before), 0, True
        self.before.clear()
        self.voiced.clear()

    def found(self) -> int:
        """Where the phrase ended, in ms; what follows it is the next utterance."""
        ticks = max((segment.end_frame + 1 for segment in self.decoder.seg()), default=0)
        end = round(self.start * FRAME_S * 1000) + ticks * TICK_MS
        self.decoder.end_utt()
        self.decoder.start_utt()
        self.start = self.frames
        return min(end, round(self.frames * FRAME_S * 1000))


class Handler(AsyncEventHandler):
    """One client: what it asks for, in order, while its next request is already being looked at."""

    def __init__(
        self, ear: Ear, pool: ThreadPoolExecutor, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Shares the ear and its one thread with the other clients."""
        super().__init__(reader, writer)
        self.ear, self.pool = ear, pool
        self.sound = bytearray()
        self.spotting: list[str] | None = None
        self.found = False
        self.converter = AudioChunkConverter(rate=RATE, width=2, channels=1)

    async def handle_event(self, event: Event) -> bool:
        """Answers one event; complaints go to the client, and the connection stays."""
        try:
            await self.answer(event)
        except (KeyError, TypeError, ValueError) as error:
            await self.write_event(Error(text=f"{event.type}: {error}", code="bad-request").event())
        return True

    async def answer(self, event: Event) -> None:
        """Does what one event asks."""
        if Describe.is_type(event.type):
            await self.write_event(info(self.ear).event())
        elif Transcribe.is_type(event.type):
            language = Transcribe.from_event(event).language or "en"
            if not language.lower().startswith("en"):
                raise ValueError(f"only English is understood here, not {language}")
            self.stop_spotting()
            self.sound.clear()
        elif Detect.is_type(event.type):
            await self.begin_spotting(Detect.from_event(event).names)
        elif AudioStart.is_type(event.type):
            self.sound.clear()
            if self.spotting is not None:
                await self.work(self.ear.begin_spotting)
        elif AudioChunk.is_type(event.type):
            await self.hear(self.converter.convert(AudioChunk.from_event(event)).audio)
        elif AudioStop.is_type(event.type):
            await self.finish()

    async def begin_spotting(self, names: list[str] | None) -> None:
        """Gets the spotters ready for what follows."""
        wanted = names or list(self.ear.spotters)
        unknown = [name for name in wanted if name not in self.ear.spotters]
        if unknown or not wanted:
            raise ValueError(f"no such key phrase: {unknown}; start the server with --wake")
        if self.ear.client not in (None, self):
            raise ValueError("another client is spotting: one at a time")
        self.ear.client, self.spotting, self.found = self, wanted, False
        await self.work(self.ear.begin_spotting)

    def stop_spotting(self) -> None:
        """Leaves the spotters to others."""
        self.spotting = None
        if self.ear.client is self:
            self.ear.client = None

    async def disconnect(self) -> None:
        """The client is gone."""
        self.stop_spotting()

    async def hear(self, sound: bytes) -> None:
        """Keeps what is to be transcribed; looks for key phrases at once."""
        if self.spotting is None:
            if len(self.sound) + len(sound) > MOST_BYTES:
                raise ValueError("an utterance of more than two minutes")
            self.sound += sound
            return
        for end, name in await self.work(self.ear.spot, sound, self.spotting):
            self.found = True
            await self.write_event(Detection(name=name, timestamp=end).event())

    async def finish(self) -> None:
        """The end of the sound: the answer."""
        if self.spotting is not None:
            self.stop_spotting()
            if not self.found:
                await self.write_event(NotDetected().event())
            return
        sound = bytes(self.sound)
        self.sound.clear()
        text = await self.work(self.ear.transcribe, sound)
        await self.write_event(Transcript(text=text, language="en").event())

    async def work(self, function: Callable[..., T], *arguments: object) -> T:
        """Runs on the one thread that touches the ear."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, function, *arguments)


def info(ear: Ear) -> Info:
    """What this server can do, for `describe`."""
    version = getattr(pocketsphinx, "__version__", None)
    model = AsrModel(
        name="en-us", languages=["en"], attribution=CMU, installed=True, version=None, description="general US English"
    )
    asr = AsrProgram(
        name="PocketSphinx", models=[model], attribution=CMU, installed=True, version=version, description="plain and small"
    )
    phrases = [
        WakeModel(
            name=phrase, phrase=phrase, languages=["en"], attribution=CMU, installed=True, version=None, description=phrase
        )
        for phrase in ear.spotters
    ]
    wake = WakeProgram(
        name="PocketSphinx", models=phrases, attribution=CMU, installed=True, version=version, description="key phrases"
    )
    return Info(asr=[asr], wake=[wake] if phrases else [])


def die_with_parent() -> None:
    """Asks the kernel to end this process when its parent ends, and looks whether it already has."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def arguments() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(prog="sphinx serve", description="PocketSphinx over the Wyoming protocol.")
    parser.add_argument("--uri", default="stdio://", help="stdio:// (the default) or unix:///PATH")
    parser.add_argument("--wake", action="append", default=[], metavar="PHRASE", help="a key phrase to spot; repeatable")
    parser.add_argument("--sensitivity", type=float, default=0.4, help="of spotting, 0 (never) to 1 (always); default 0.4")
    chosen = parser.parse_args()
    if not chosen.uri.startswith(("stdio://", "unix:///")):
        parser.error("--uri takes stdio:// or unix:///PATH: this server is for this machine and this user only")
    if not 0.0 <= chosen.sensitivity <= 1.0:
        parser.error("--sensitivity takes 0 to 1")
    return chosen


async def serve(chosen: argparse.Namespace) -> None:
    """Loads the ear, then answers until told to stop."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ear")
    ear = Ear([" ".join(phrase.lower().split()) for phrase in chosen.wake], chosen.sensitivity)
    os.umask(0o177)  # the socket is for its owner
    server = AsyncServer.from_uri(chosen.uri)
    await server.run(lambda reader, writer: Handler(ear, pool, reader, writer))


def main() -> int:
    """Runs the server; 0 when it was told to stop, 2 when it cannot do what was asked."""
    chosen = arguments()
    if chosen.uri.startswith("stdio:"):
        die_with_parent()
    try:
        asyncio.run(serve(chosen))
    except KeyboardInterrupt:
        return 130
    except (OSError, ValueError) as error:
        print(f"sphinx: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Not through the interpreter's farewell: it waits for a recogniser that is still at work on what nobody wants.
    os._exit(code)
