//! An HTTP request in, the events of a streamed chat completion out.

use std::{
    io::{self, BufRead, BufReader, Read},
    sync::mpsc::SyncSender,
};

use reqwest::blocking::{RequestBuilder, Response};
use serde_json::Value;

use super::failure::Server;
use crate::error::{Error, Result, Room};

/// Longest line of an event stream, in bytes: one token and its wrapping are a few hundred.
const LINE: u64 = 1 << 20;

/// What a server sends while it writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Text(String),
    /// The answer was cut at the token limit.
    Cut,
    Usage {
        prompt: u32,
        cached: u32,
        generated: u32,
    },
    End,
}

/// Sends the request and passes its events on until the end, an error, or nobody listens.
pub fn stream(request: RequestBuilder, server: &Server, events: SyncSender<Result<Event>>) {
    let outcome = send(request, server).and_then(|response| read(BufReader::new(response), server, |event| events.send(Ok(event)).is_ok()));
    if let Err(error) = outcome {
        let _ = events.send(Err(error)); // nobody waits for it any more
    }
}

/// Sends the request and returns the whole answer.
pub fn whole(request: RequestBuilder, server: &Server) -> Result<Value> {
    let mut text = String::new();
    send(request, server)?.take(LINE).read_to_string(&mut text).map_err(|e| server.broke_off(is_timeout(&e)))?;
    serde_json::from_str(&text).map_err(|_| unclear(server))
}

fn send(request: RequestBuilder, server: &Server) -> Result<Response> {
    let response = request.send().map_err(|e| server.unreachable(&e))?;
    if response.status().is_success() { Ok(response) } else { Err(server.refused(response)) }
}

/// Reads lines up to the end marker. `pass` says whether anybody still listens.
fn read(mut lines: impl BufRead, server: &Server, mut pass: impl FnMut(Event) -> bool) -> Result<()> {
    let mut finished = false; // some servers close the stream after the last piece, without the marker
    loop {
        let mut line = Vec::new();
        let length = lines.by_ref().take(LINE).read_until(b'\n', &mut line).map_err(|e| server.broke_off(is_timeout(&e)))?;
        if length == 0 {
            if !finished {
                return Err(server.broke_off(false));
            }
            pass(Event::End);
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line);
        let Some(data) = line.strip_prefix("data:").map(str::trim) else { continue };
        if data == "[DONE]" {
            pass(Event::End);
            return Ok(());
        }
        let event: Value = serde_json::from_str(data).map_err(|_| unclear(server))?;
        if event.get("error").is_some_and(|error| !error.is_null()) {
            return Err(server.failed(&event));
        }
        finished |= event["choices"][0]["finish_reason"].is_string();
        if !parts(&event).into_iter().all(&mut pass) {
            return Ok(());
        }
    }
}

/// What one chunk says.
fn parts(chunk: &Value) -> Vec<Event> {
    let (choice, usage) = (&chunk["choices"][0], &chunk["usage"]);
    let text = choice["delta"]["content"].as_str().filter(|text| !text.is_empty()).map(|text| Event::Text(text.to_owned()));
    let cut = (choice["finish_reason"] == "length").then_some(Event::Cut);
    let count = |value: &Value| u32::try_from(value.as_u64().unwrap_or(0)).unwrap_or(u32::MAX);
    let usage = usage.is_object().then(|| Event::Usage {
        prompt: count(&usage["prompt_tokens"]),
        cached: count(&usage["prompt_tokens_details"]["cached_tokens"]),
        generated: count(&usage["completion_tokens"]),
    });
    [text, cut, usage].into_iter().flatten().collect()
}

fn unclear(server: &Server) -> Error {
    Error::reword(Room::Llm, format!("the server at {} does not speak the OpenAI protocol", server.base)).hint("check llm.base_url")
}

/// reqwest wraps its time limit in an I/O error.
fn is_timeout(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    error.kind() == io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> (Vec<Event>, Result<()>) {
        let server = Server { base: "http://s".into(), key_env: "K".into(), model: "m".into() };
        let mut seen = Vec::new();
        let outcome = read(text.as_bytes(), &server, |event| {
            seen.push(event);
            true
        });
        (seen, outcome)
    }

    #[test]
    fn pieces_then_usage_then_the_end() {
        let text = ": comment\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n\
            data:{\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n\
            data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n\
            data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n\
            data: [DONE]\n\n";
        let expected = [Event::Text("Hi".into()), Event::Cut, Event::Usage { prompt: 9, cached: 4, generated: 1 }, Event::End];
        assert_eq!(events(text).0, expected);
    }

    #[test]
    fn a_stream_may_end_without_the_marker_but_not_in_the_middle() {
        let done = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n";
        assert_eq!(events(done).0, [Event::Text("Hi".into()), Event::End]);
        let cut = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n";
        assert!(events(cut).1.unwrap_err().to_string().contains("broke off"));
    }

    #[test]
    fn errors_and_nonsense_in_the_stream_are_told() {
        let told = events("data: {\"error\":{\"message\":\"out of\\u001b[2J memory\"}}\n").1.unwrap_err().to_string();
        assert!(told.contains("out of") && !told.contains('\u{1b}'), "{told}");
        assert!(events("data: <html>\n").1.unwrap_err().to_string().contains("OpenAI protocol"));
    }
}
