//! What a server or the network did wrong, as a sentence that says what to do.

use std::time::Duration;

use reqwest::{StatusCode, blocking::Response};
use serde_json::Value;

use crate::error::{Error, Room};

/// Longest message of a server that is repeated, in characters.
const QUOTED: usize = 200;

/// Names for error messages.
#[derive(Clone, Debug)]
pub struct Server {
    pub base: String,
    pub key_env: String,
    pub model: String,
}

impl Server {
    /// The request did not get an answer.
    pub fn unreachable(&self, error: &reqwest::Error) -> Error {
        let base = &self.base;
        if error.is_connect() {
            Error::retry(Room::Llm, format!("no server answers at {base}")).hint("start it, or set llm.base_url")
        } else if error.is_timeout() {
            Error::retry(Room::Llm, format!("the server at {base} takes too long to answer")).hint("try again")
        } else {
            Error::retry(Room::Llm, format!("asking the server at {base} failed: {}", error.without_url_text())).hint("try again")
        }
    }

    /// The answer stopped before its end.
    pub fn broke_off(&self, timed_out: bool) -> Error {
        let how = if timed_out { "fell silent in the middle of its answer" } else { "broke off in the middle of its answer" };
        Error::retry(Room::Llm, format!("the server at {} {how}", self.base)).hint("ask again")
    }

    /// The server answered, but with a refusal.
    pub fn refused(&self, response: Response) -> Error {
        let status = response.status();
        let wait = response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        let said = said(&response.text().unwrap_or_default());
        let base = &self.base;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Error::reword(Room::Llm, format!("the server at {base} refuses the key{said}"))
                    .hint(format!("put a valid key into the environment variable {}", self.key_env))
            }
            StatusCode::NOT_FOUND => Error::reword(Room::Llm, format!("the server at {base} does not know \"{}\"{said}", self.model))
                .hint("set llm.model to one of the server's models, and check llm.base_url"),
            StatusCode::TOO_MANY_REQUESTS => {
                let later = wait.map_or("try again later".to_owned(), |wait| format!("try again in {} s", wait.as_secs()));
                Error::retry(Room::Llm, format!("the server at {base} is busy{said}")).hint(later)
            }
            status if status.is_server_error() => {
                Error::retry(Room::Llm, format!("the server at {base} failed with {}{said}", status.as_u16()))
                    .hint("try again, or look at its log")
            }
            status => Error::reword(Room::Llm, format!("the server at {base} refused the request with {}{said}", status.as_u16()))
                .hint("check llm.model and llm.base_url"),
        }
    }

    /// The server reported a failure inside its stream.
    pub fn failed(&self, event: &Value) -> Error {
        Error::retry(Room::Llm, format!("the server at {} failed{}", self.base, said(&event.to_string()))).hint("ask again")
    }
}

/// The server's own message, shortened and without anything that a terminal would obey; with a leading colon.
fn said(body: &str) -> String {
    let parsed: Value = serde_json::from_str(body).unwrap_or_default();
    let error = &parsed["error"];
    let message = error["message"].as_str().or(error.as_str()).or(parsed["message"].as_str()).unwrap_or_default();
    let clean: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(QUOTED).collect();
    if clean.trim().is_empty() { String::new() } else { format!(": {}", clean.trim().trim_end_matches('.')) }
}

trait WithoutUrl {
    fn without_url_text(&self) -> String;
}

impl WithoutUrl for reqwest::Error {
    /// The innermost reason: the outer ones repeat the address.
    fn without_url_text(&self) -> String {
        let mut inner: &dyn std::error::Error = self;
        while let Some(source) = inner.source() {
            inner = source;
        }
        inner.to_string()
    }
}
