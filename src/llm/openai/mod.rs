//! Any OpenAI-compatible server behind the [`Llm`](super::Llm) trait.
//!
//! The request runs on a thread of its own that hands over one event at a time, so that a superseded turn lets go of
//! it at once, however slow the server is.

mod failure;
mod sse;

use std::{
    env,
    sync::mpsc::{self, RecvTimeoutError, SyncSender},
    thread,
    time::Duration,
};

use reqwest::{
    Url,
    blocking::{Client, RequestBuilder},
};
use serde_json::{Value, json};

use self::{failure::Server, sse::Event};
use super::{
    Llm, PieceSink, Settings,
    prompt::{Fence, Message},
    stream::Stream,
};
use crate::{
    error::{Error, Result, Room},
    parcel::{Finish, FinishReason, Piece, Prompt},
    turn::Turn,
};

const CONNECT: Duration = Duration::from_secs(5);
/// The longest silence in the middle of an answer.
const STALL: Duration = Duration::from_secs(30);
/// How often a waiting writer asks whether it is still wanted.
const ASK: Duration = Duration::from_millis(20);
/// Events that may wait: the reader stops reading when the writer falls behind.
const EVENTS: usize = 64;
/// OpenAI takes at most this many stop strings.
const STOPS: usize = 4;

pub struct Remote {
    client: Client,
    server: Server,
    base: Url,
    key: Option<String>,
    /// The server's name of the model; `auto` until the server was asked.
    model: String,
}

pub fn open(settings: &Settings) -> Result<Box<dyn Llm>> {
    let wrong = |why: &str| {
        let message = format!("llm.base_url = \"{}\" {why}", settings.base_url);
        Error::reword(Room::Config, message).hint("set it to something like http://127.0.0.1:8080/v1")
    };
    let base = format!("{}/", settings.base_url.trim_end_matches('/'));
    let base = Url::parse(&base).map_err(|e| wrong(&format!("is no address: {e}")))?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(wrong("is neither http nor https"));
    }
    let key = env::var(&settings.key_env).ok().map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    if key.as_deref().is_some_and(|key| !key.chars().all(|c| c.is_ascii_graphic())) {
        let message = format!("the environment variable {} holds no usable key", settings.key_env);
        return Err(Error::reword(Room::Config, message).hint("set it to the key that the server gave you"));
    }
    let client = client(&base).map_err(|e| Error::report(Room::Llm, format!("the HTTP client could not be made: {e}")))?;
    let server = Server { base: settings.base_url.clone(), key_env: settings.key_env.clone(), model: settings.model.clone() };
    Ok(Box::new(Remote { client, server, base, key, model: settings.model.clone() }))
}

fn client(base: &Url) -> reqwest::Result<Client> {
    let mut builder = Client::builder().connect_timeout(CONNECT).timeout(STALL);
    let own = base.host_str().is_some_and(|host| matches!(host, "localhost" | "[::1]") || host.starts_with("127."));
    if own {
        builder = builder.no_proxy(); // a proxy cannot reach this machine's own server
    }
    builder.build()
}

impl Llm for Remote {
    fn write(&mut self, prompt: &Prompt, turn: &Turn, out: &mut PieceSink<'_>) -> Result<Finish> {
        turn.alive()?;
        self.name_model(turn)?;
        let body = body(&self.model, prompt);
        let request = self
            .authorised(self.client.post(self.at("chat/completions")?))
            .header("Content-Type", "application/json")
            .body(body.to_string());
        let server = Server { model: self.model.clone(), ..self.server.clone() };
        let events = start(move |events| sse::stream(request, &server, events))?;
        let mut stream = Stream::new(prompt.sampling.stop.clone());
        let mut finish = Finish::default();
        loop {
            match next(&events, turn)? {
                Event::Text(text) => {
                    finish.generated += 1;
                    if let Some(text) = stream.push(text.as_bytes()) {
                        out(Piece { text })?;
                    }
                }
                Event::Cut => finish.reason = FinishReason::Length,
                Event::Usage { prompt, cached, generated } => {
                    (finish.prefilled, finish.restored, finish.generated) = (prompt.saturating_sub(cached), cached, generated);
                }
                Event::End => break,
            }
            if stream.stopped() {
                break; // a server that does not know stop strings
            }
        }
        stream.finish().map_or(Ok(()), |text| out(Piece { text }))?;
        Ok(finish)
    }
}

impl Remote {
    fn at(&self, path: &str) -> Result<Url> {
        self.base.join(path).map_err(|e| Error::reword(Room::Config, format!("llm.base_url cannot be extended: {e}")))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// `auto`: the first model that the server lists; most local servers have one and do not mind its name.
    fn name_model(&mut self, turn: &Turn) -> Result<()> {
        if self.model != "auto" {
            return Ok(());
        }
        let request = self.authorised(self.client.get(self.at("models")?));
        let server = self.server.clone();
        let answers = start(move |answers: SyncSender<Result<Value>>| {
            let _ = answers.send(sse::whole(request, &server)); // nobody waits for it any more
        })?;
        let listed = next(&answers, turn)?;
        let first = listed["data"][0]["id"].as_str().map(str::to_owned);
        self.model = first.ok_or_else(|| {
            let message = format!("the server at {} lists no model", self.server.base);
            Error::reword(Room::Llm, message).hint("set llm.model to the server's name of the model")
        })?;
        Ok(())
    }
}

/// Runs a request on a thread of its own. It ends at the latest one stall after nobody listens any more.
fn start<T: Send + 'static>(work: impl FnOnce(SyncSender<Result<T>>) + Send + 'static) -> Result<mpsc::Receiver<Result<T>>> {
    let (send, receive) = mpsc::sync_channel(EVENTS);
    let spawned = thread::Builder::new().name("xnai-remote".into()).spawn(move || work(send));
    spawned.map_err(|e| Error::retry(Room::Llm, format!("no thread could be started: {e}")))?;
    Ok(receive)
}

/// Waits for the next event, asking the turn meanwhile.
fn next<T>(events: &mpsc::Receiver<Result<T>>, turn: &Turn) -> Result<T> {
    loop {
        turn.alive()?;
        match events.recv_timeout(ASK) {
            Ok(event) => return event,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(Error::report(Room::Llm, "the request's thread ended without an answer")),
        }
    }
}

/// The request. Only what every compatible server knows: some refuse what they do not.
fn body(model: &str, prompt: &Prompt) -> Value {
    let message = |m: &Message| json!({ "role": m.role.name(), "content": m.content });
    let sampling = &prompt.sampling;
    let mut body = json!({
        "model": model,
        "messages": Fence::default().messages(prompt).iter().map(message).collect::<Vec<_>>(),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    if !sampling.stop.is_empty() {
        body["stop"] = sampling.stop.iter().take(STOPS).cloned().collect();
    }
    body
}
