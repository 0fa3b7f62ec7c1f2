//! A web address and a position into a stream of bytes from there on, or into what went wrong, named by what helps.

use std::time::Duration;

use reqwest::{
    StatusCode, Url,
    blocking::{Client, Response},
    header::{CONTENT_RANGE, RANGE},
};

use super::source::{Opened, Trouble};
use crate::error::{Error, Room};

/// A server that is up answers a knock within this time.
const CONNECT: Duration = Duration::from_secs(10);

/// Opens an address at a position; a server that cannot do that opens it at 0. `stall`: the longest silence.
pub fn open(url: &str, from: u64, stall: Duration) -> Result<Opened, Trouble> {
    let address = Url::parse(url).map_err(|e| Trouble::Final(Error::reword(Room::Models, format!("{url} is no web address: {e}"))))?;
    let host = address.host_str().unwrap_or(url).to_owned();
    let mut request = client(&host, stall).map_err(|e| failed(&host, &e))?.get(address);
    if from > 0 {
        request = request.header(RANGE, format!("bytes={from}-"));
    }
    let response = request.send().map_err(|e| failed(&host, &e))?;
    read_head(&host, response, from)
}

fn client(host: &str, stall: Duration) -> reqwest::Result<Client> {
    // The blocking client applies this to each read, not to the whole download.
    let builder = Client::builder().timeout(stall).connect_timeout(CONNECT).user_agent(concat!("xnai/", env!("CARGO_PKG_VERSION")));
    // A proxy is of no use for a mirror on this machine, and some refuse.
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if local { builder.no_proxy().build() } else { builder.build() }
}

fn read_head(host: &str, response: Response, from: u64) -> Result<Opened, Trouble> {
    let status = response.status();
    let gone = |what: String| Trouble::Final(Error::fetch(Room::Models, format!("{host} {what}")));
    match status {
        StatusCode::PARTIAL_CONTENT => {
            let (start, total) = content_range(&response).ok_or_else(|| gone("answered with a range that means nothing".into()))?;
            match start == from {
                true => Ok(Opened::Stream { start, total, body: Box::new(response) }),
                false => Err(gone(format!("answered from byte {start} when asked for {from}"))),
            }
        }
        StatusCode::RANGE_NOT_SATISFIABLE => Ok(Opened::PastEnd),
        _ if status.is_success() => Ok(Opened::Stream { start: 0, total: response.content_length(), body: Box::new(response) }),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err(gone(format!("does not have it ({})", status.as_u16()))),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(Trouble::Again(format!("{host} is busy ({})", status.as_u16()))),
        _ if status.is_server_error() => Err(Trouble::Again(format!("{host} failed ({status})"))),
        _ => Err(gone(format!("refused ({status})"))),
    }
}

/// `bytes 100-199/200`: the first position and, unless it is `*`, the length of the whole.
fn content_range(response: &Response) -> Option<(u64, Option<u64>)> {
    parse_range(response.headers().get(CONTENT_RANGE)?.to_str().ok()?)
}

fn parse_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

/// A failure before the first byte: unreachable is final (the next source is asked), a cut connection is not.
fn failed(host: &str, error: &reqwest::Error) -> Trouble {
    if error.is_connect() {
        return Trouble::Unreachable(Error::retry(Room::Models, format!("{host} cannot be reached ({})", root(error))));
    }
    if error.is_builder() || error.is_redirect() {
        return Trouble::Final(Error::fetch(Room::Models, format!("{host} cannot be asked ({})", root(error))));
    }
    let what = if error.is_timeout() { "does not answer".to_owned() } else { format!("broke off ({})", root(error)) };
    Trouble::Again(format!("{host} {what}"))
}

/// The innermost cause: the outer ones only repeat the address.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read_or_refused() {
        assert_eq!(parse_range("bytes 100-199/200"), Some((100, Some(200))));
        assert_eq!(parse_range("bytes 0-9/*"), Some((0, None)));
        for nonsense in ["", "bytes */200", "items 1-2/3", "bytes x-2/3"] {
            assert_eq!(parse_range(nonsense), None, "{nonsense}");
        }
    }
}
