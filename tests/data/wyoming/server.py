"""A server of the Wyoming protocol made with its own library, for tests: says what it was sent, and speaks tones.

    server.py URI [MANNER]...

Manners: `leave` ends after every answer, as some servers do; `stream` announces the text in parts first; `refuse`
answers with an error; `slow` takes 0.2 s for each part of an answer; `heavy` takes 4 s to start, as models do.
"""

import asyncio
import math
import struct
import sys

from wyoming.asr import Transcribe, Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import Synthesize

WHO = Attribution(name="nobody", url="")
COMMON = {"attribution": WHO, "installed": True, "version": None, "description": None}
# Voices by name: the rate, width and channels that they speak in.
FORMATS = {"plain": (22050, 2, 1), "wide": (48000, 4, 2), "old": (8000, 1, 1)}


def packed(value: float, width: int) -> bytes:
    """A sample as a whole number; single bytes have no sign."""
    if width == 1:
        return bytes([round(128 + value * 127)])
    return {2: struct.pack("<h", round(value * 32767)), 4: struct.pack("<i", round(value * 2147483647))}[width]


class Handler(AsyncEventHandler):
    """One client."""

    manners: set[str] = set()

    def __init__(self, reader, writer):
        super().__init__(reader, writer)
        self.request, self.sound, self.rate = Transcribe(), b"", 0

    async def handle_event(self, event):
        if Describe.is_type(event.type):
            await self.write_event(self.info().event())
        elif Transcribe.is_type(event.type):
            self.request, self.sound = Transcribe.from_event(event), b""
        elif AudioStart.is_type(event.type):
            self.rate = AudioStart.from_event(event).rate
        elif AudioChunk.is_type(event.type):
            self.sound += AudioChunk.from_event(event).audio
        elif "refuse" in self.manners:
            await self.write_event(Error(text="not\x1b[2J today", code="no").event())
        elif AudioStop.is_type(event.type):
            await self.transcript()
            return "leave" not in self.manners
        elif Synthesize.is_type(event.type):
            await self.speak(Synthesize.from_event(event))
            return "leave" not in self.manners
        return True

    def info(self) -> Info:
        model = AsrModel(name="tiny", languages=["en", "de"], **COMMON)
        voices = [TtsVoice(name=name, languages=["en-GB"], **COMMON) for name in FORMATS]
        return Info(
            asr=[AsrProgram(name="listener", models=[model], **COMMON)],
            tts=[TtsProgram(name="speaker", voices=voices, **COMMON)],
        )

    async def transcript(self):
        samples = struct.unpack(f"<{len(self.sound) // 2}h", self.sound)
        text = f"{len(samples)} samples at {self.rate} up to {max(map(abs, samples), default=0)}"
        text += f" in {self.request.language} by {self.request.name} of {self.request.transcript_names}"
        if "slow" in self.manners:
            await asyncio.sleep(0.2)
        if "stream" in self.manners:
            await self.write_event(TranscriptStart(language="en").event())
            for word in text.split():
                await self.write_event(TranscriptChunk(text=word).event())
        await self.write_event(Transcript(text=f"  {text}\n", language=self.request.language).event())
        if "stream" in self.manners:
            await self.write_event(TranscriptStop().event())

    async def speak(self, wanted: Synthesize):
        """A tenth of a second of a tone at half of full scale for every letter."""
        name = wanted.voice.name if wanted.voice and wanted.voice.name else "plain"
        rate, width, channels = FORMATS[name]
        form = {"rate": rate, "width": width, "channels": channels}
        await self.write_event(AudioStart(**form).event())
        for letter in range(len(wanted.text)):
            frames = range(letter * rate // 10, (letter + 1) * rate // 10)
            audio = b"".join(packed(0.5 * math.sin(440 * math.tau * n / rate), width) * channels for n in frames)
            for half in (audio[: len(audio) // 3], audio[len(audio) // 3 :]):
                await self.write_event(AudioChunk(audio=half, **form).event())
            if "slow" in self.manners:
                await asyncio.sleep(0.2)
        await self.write_event(AudioStop().event())


async def main():
    Handler.manners = set(sys.argv[2:])
    if "heavy" in Handler.manners:
        await asyncio.sleep(4)
    await AsyncServer.from_uri(sys.argv[1]).run(Handler)


asyncio.run(main())
