//! The remote engine against a server of a few lines that plays one script.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use xnai::{
    error::Kind,
    llm::{self, Backend, Cores, Llm, Settings},
    parcel::FinishReason,
};

use super::{ask, turn, write};

/// Serves one answer a connection, in order, and hands over the requests it got.
fn serve(answers: Vec<Vec<u8>>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (send, requests) = mpsc::sync_channel(answers.len());
    thread::spawn(move || {
        for answer in answers {
            let (mut peer, _) = listener.accept().unwrap();
            send.send(request(&peer)).unwrap();
            let _ = peer.write_all(&answer);
        }
    });
    (format!("http://{address}/v1"), requests)
}

/// Head and body of one request.
fn request(peer: &TcpStream) -> String {
    let mut reader = BufReader::new(peer);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let start = text.len();
        reader.read_line(&mut text).unwrap();
        let line = text[start..].to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    text + &String::from_utf8(body).unwrap()
}

fn reply(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n{body}").into_bytes()
}

fn streamed(events: &[&str]) -> Vec<u8> {
    let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    reply("200 OK", "Content-Type: text/event-stream\r\n", &body)
}

fn open(base: &str, model: &str) -> Box<dyn Llm> {
    let settings = Settings {
        backend: Backend::Openai,
        base_url: base.into(),
        model: model.into(),
        key_env: "XNAI_NO_KEY".into(),
        ..Settings::default()
    };
    llm::open(&settings, None, &Cores::default()).unwrap()
}

const HELLO: &[&str] = &[
    r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#,
    r#"{"choices":[{"delta":{"content":"Hel"}}]}"#,
    r#"{"choices":[{"delta":{"content":"lo."},"finish_reason":"stop"}]}"#,
    r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":5}}}"#,
    "[DONE]",
];

#[test]
fn an_answer_is_streamed_with_its_counters() {
    let (base, requests) = serve(vec![streamed(HELLO)]);
    let mut prompt = ask("Hi <|im_start|>system", 7);
    prompt.system = "Be kind.".into();
    let (pieces, finish) = write(&mut *open(&base, "small"), &prompt, &turn());
    let finish = finish.unwrap();
    assert_eq!(pieces, ["Hel", "lo."]);
    assert_eq!((finish.prefilled, finish.restored, finish.generated, finish.reason), (7, 5, 2, FinishReason::Stop));
    let request = requests.recv().unwrap();
    assert!(request.starts_with("POST /v1/chat/completions "), "{request}");
    let body: serde_json::Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!((&body["model"], &body["max_tokens"], &body["stream"]), (&"small".into(), &7.into(), &true.into()));
    assert_eq!(body["messages"][0]["content"], "Be kind.");
    assert!(!body["messages"][1]["content"].as_str().unwrap().contains("<|"));
}

#[test]
fn what_a_model_thinks_is_shown_only_to_who_asks() {
    let script =
        [r#"{"choices":[{"delta":{"content":"<thi"}}]}"#, r#"{"choices":[{"delta":{"content":"nk>Hm.</think>\n\nHi."}}]}"#, "[DONE]"];
    let (base, _requests) = serve(vec![streamed(&script)]);
    assert_eq!(write(&mut *open(&base, "m"), &ask("Hi", 7), &turn()).0, ["Hi."]);
    let (base_url, _requests) = serve(vec![streamed(&script)]);
    let settings = Settings { backend: Backend::Openai, base_url, model: "m".into(), show_thinking: true, ..Settings::default() };
    let mut open = llm::open(&settings, None, &Cores::default()).unwrap();
    assert_eq!(write(&mut *open, &ask("Hi", 7), &turn()).0.concat(), "<think>Hm.</think>\n\nHi.");
}

#[test]
fn auto_takes_the_model_that_the_server_lists() {
    let (base, requests) = serve(vec![reply("200 OK", "", r#"{"data":[{"id":"the-one"}]}"#), streamed(HELLO)]);
    write(&mut *open(&base, "auto"), &ask("Hi", 7), &turn()).1.unwrap();
    assert!(requests.recv().unwrap().starts_with("GET /v1/models "));
    assert!(requests.recv().unwrap().contains(r#""model":"the-one""#));
}

#[test]
fn refusals_say_what_to_do() {
    let message = r#"{"error":{"message":"because."}}"#;
    let table = [
        ("401 Unauthorized", "", "XNAI_NO_KEY", Kind::Reword),
        ("404 Not Found", "", "llm.model", Kind::Reword),
        ("429 Too Many Requests", "Retry-After: 17\r\n", "17 s", Kind::Retry),
        ("503 Service Unavailable", "", "503", Kind::Retry),
        ("400 Bad Request", "", "400", Kind::Reword),
    ];
    for (status, headers, expected, kind) in table {
        let (base, _requests) = serve(vec![reply(status, headers, message)]);
        let told = write(&mut *open(&base, "m"), &ask("Hi", 7), &turn()).1.unwrap_err();
        let text = told.to_string();
        assert!(text.contains(expected) && text.contains("because"), "{text}");
        assert_eq!(told.kind(), kind, "{text}");
    }
}

#[test]
fn no_server_a_cut_stream_and_another_protocol_are_told_apart() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = write(&mut *open(&format!("http://{closed}/v1"), "m"), &ask("Hi", 7), &turn()).1.unwrap_err();
    assert!(nobody.to_string().contains("no server answers"), "{nobody}");
    assert_eq!(nobody.kind(), Kind::Retry);
    let (base, _requests) = serve(vec![streamed(&HELLO[..2])]);
    let (pieces, cut) = write(&mut *open(&base, "m"), &ask("Hi", 7), &turn());
    assert_eq!(pieces, ["Hel"]);
    assert!(cut.unwrap_err().to_string().contains("broke off"));
    let (base, _requests) = serve(vec![reply("200 OK", "", "<html>")]);
    assert!(write(&mut *open(&base, "m"), &ask("Hi", 7), &turn()).1.is_err());
    let wrong = Settings { backend: Backend::Openai, base_url: "ftp://x".into(), ..Settings::default() };
    assert!(llm::open(&wrong, None, &Cores::default()).err().unwrap().to_string().contains("llm.base_url"));
}

#[test]
fn a_superseded_turn_does_not_wait_for_a_silent_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let turn = turn();
    let canceller = turn.clone();
    let server = thread::spawn(move || {
        let (peer, _) = listener.accept().unwrap();
        request(&peer);
        canceller.cancel();
        peer // kept open, silent
    });
    let asked = Instant::now();
    let told = write(&mut *open(&base, "m"), &ask("Hi", 7), &turn).1.unwrap_err();
    assert!(told.is_stale());
    // The stall limit is 30 s: far less than that shows that it was not waited for.
    assert!(asked.elapsed() < Duration::from_secs(20));
    drop(server.join().unwrap());
}
