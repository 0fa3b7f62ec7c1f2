//! Events to bytes and back: a line of JSON, then as many bytes of more JSON and of sound as the line says.
//!
//! Whoever sends may lie: every length has a limit, and what goes beyond it is refused before memory is taken for it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest first line, in bytes.
pub const LONGEST_LINE: usize = 64 << 10;
/// Most bytes of JSON after it.
pub const MOST_DATA: usize = 1 << 20;
/// Most bytes of sound.
pub const MOST_PAYLOAD: usize = 16 << 20;

/// One message of the protocol.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    pub kind: String,
    pub data: Map<String, Value>,
    pub payload: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "type")]
    kind: String,
    data: Option<Map<String, Value>>,
    data_length: Option<u64>,
    payload_length: Option<u64>,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    data: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "is_zero")]
    payload_length: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(length: &usize) -> bool {
    *length == 0
}

impl Event {
    /// An event without sound; what is no object counts as no data.
    pub fn new(kind: &str, data: Value) -> Self {
        let data = if let Value::Object(data) = data { data } else { Map::new() };
        Self { kind: kind.into(), data, payload: Vec::new() }
    }

    #[must_use]
    pub fn with(self, payload: Vec<u8>) -> Self {
        Self { payload, ..self }
    }

    /// A text of its data.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.data.get(key)?.as_str()
    }

    /// A number of its data.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.data.get(key)?.as_u64()
    }

    /// As it is sent. Our data is small and stays in the line.
    pub fn bytes(&self) -> Vec<u8> {
        let line = Line { kind: &self.kind, data: &self.data, payload_length: self.payload.len() };
        // Maps of JSON values with text keys can always be written.
        let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.payload);
        bytes
    }
}

/// Bytes as they arrive, cut into events.
#[derive(Debug, Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    header: Option<(Event, usize, usize)>,
}

/// Why what arrived is no event of this protocol.
pub type Garbage = String;

impl Inbox {
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes that no event was made of yet.
    pub fn waiting(&self) -> usize {
        self.bytes.len()
    }

    /// Whether an event has begun and is not complete.
    pub fn is_within_an_event(&self) -> bool {
        self.header.is_some() || !self.bytes.is_empty()
    }

    /// The next event that is complete.
    pub fn event(&mut self) -> Result<Option<Event>, Garbage> {
        if self.header.is_none() {
            self.header = self.line()?;
        }
        let Some((event, data, payload)) = self.header.take_if(|(_, data, payload)| self.bytes.len() >= *data + *payload) else {
            return Ok(None);
        };
        let mut event = event;
        if data > 0 {
            event.data.extend(more_data(&self.bytes[..data])?);
        }
        event.payload = self.bytes[data..data + payload].to_vec();
        self.bytes.drain(..data + payload);
        Ok(Some(event))
    }

    /// The first line, when it is complete: what it says, and the lengths that it announces.
    fn line(&mut self) -> Result<Option<(Event, usize, usize)>, Garbage> {
        let end = self.bytes.iter().take(LONGEST_LINE + 1).position(|byte| *byte == b'\n');
        let Some(end) = end else {
            let beyond = self.bytes.len() > LONGEST_LINE;
            return if beyond { Err(format!("a line of more than {LONGEST_LINE} bytes")) } else { Ok(None) };
        };
        let header: Header = serde_json::from_slice(&self.bytes[..end]).map_err(|_| "a line that is no event".to_owned())?;
        self.bytes.drain(..=end);
        let data = within(header.data_length, MOST_DATA, "data")?;
        let payload = within(header.payload_length, MOST_PAYLOAD, "sound")?;
        Ok(Some((Event { kind: header.kind, data: header.data.unwrap_or_default(), payload: Vec::new() }, data, payload)))
    }
}

fn within(length: Option<u64>, limit: usize, what: &str) -> Result<usize, Garbage> {
    let length = length.unwrap_or(0);
    usize::try_from(length).ok().filter(|l| *l <= limit).ok_or_else(|| format!("{length} bytes of {what} in one event"))
}

fn more_data(bytes: &[u8]) -> Result<Map<String, Value>, Garbage> {
    serde_json::from_slice(bytes).map_err(|_| "data that is no JSON object".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(bytes: &[u8], at_once: usize) -> Result<Vec<Event>, Garbage> {
        let (mut inbox, mut events) = (Inbox::default(), Vec::new());
        for part in bytes.chunks(at_once) {
            inbox.push(part);
            while let Some(event) = inbox.event()? {
                events.push(event);
            }
        }
        Ok(events)
    }

    #[test]
    fn what_is_written_is_read_however_it_is_cut() {
        let events = [
            Event::new("describe", Value::Null),
            Event::new("audio-chunk", json!({"rate": 16000, "width": 2, "channels": 1})).with(b"\n{\"x\n".to_vec()),
            Event::new("transcript", json!({"text": "zehn Bäume\n"})),
        ];
        let bytes: Vec<u8> = events.iter().flat_map(Event::bytes).collect();
        for at_once in [1, 2, 7, bytes.len()] {
            assert_eq!(all(&bytes, at_once).unwrap(), events);
        }
    }

    #[test]
    fn data_behind_the_line_is_added_to_that_within() {
        let bytes = b"{\"type\": \"info\", \"version\": \"1.0\", \"data\": {\"a\": 1, \"b\": 2}, \"data_length\": 8, \"payload_length\": 2}\n{\"a\": 3}xy";
        let event = Event::new("info", json!({"a": 3, "b": 2})).with(b"xy".to_vec());
        assert_eq!(all(bytes, 5).unwrap(), [event]);
    }

    #[test]
    fn lies_and_garbage_are_refused_before_anything_is_kept_for_them() {
        let why = |bytes: &[u8]| all(bytes, 1 << 20).unwrap_err();
        assert!(why(b"HTTP/1.1 400 Bad Request\r\n").contains("no event"));
        assert!(why(b"[1]\n").contains("no event") && why(b"{}\n").contains("no event"));
        assert!(why(&[0xff; 1 << 17]).contains("line of more than"));
        assert!(why(b"{\"type\":\"a\",\"payload_length\":-1}\n").contains("no event"));
        assert!(why(b"{\"type\":\"a\",\"payload_length\":18446744073709551615}\n").contains("bytes of sound"));
        assert!(why(b"{\"type\":\"a\",\"data_length\":1048577}\n").contains("bytes of data"));
        assert!(why(b"{\"type\":\"a\",\"data_length\":3}\n[1]").contains("no JSON object"));
    }
}
