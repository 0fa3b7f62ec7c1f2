//! `unix:///path`, `tcp://127.0.0.1:10300` or `stdio:program arguments` into an address on this machine.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

/// Where a server of the Wyoming protocol is. There is none on another machine: sound never leaves this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Unix(PathBuf),
    Tcp(SocketAddr),
    /// A program that we start, keep and end: its path or name, and its arguments.
    Program(Vec<String>),
}

/// Why a text is no address, and what would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub why: String,
    pub remedy: &'static str,
}

const FORMS: &str = "use unix:///PATH, tcp://127.0.0.1:PORT or stdio:PROGRAM ARGUMENTS";
const LOOPBACK: &str = "use tcp://127.0.0.1:PORT, or unix:///PATH; a server on another machine can be reached through a tunnel of yours";

fn refused<T>(why: impl Into<String>, remedy: &'static str) -> Result<T, Refused> {
    Err(Refused { why: why.into(), remedy })
}

impl FromStr for Address {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        match text.split_once(':') {
            Some(("unix", rest)) => unix(rest),
            Some(("tcp", rest)) => tcp(rest),
            Some(("stdio", rest)) => program(rest),
            _ if text.is_empty() => refused("is empty", FORMS),
            _ => refused("is no address of a Wyoming server", FORMS),
        }
    }
}

fn unix(rest: &str) -> Result<Address, Refused> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    // The longest name of a socket: sun_path of unix(7), with its final zero.
    match path {
        _ if !path.starts_with('/') => refused("names no absolute path", FORMS),
        _ if path.len() > 107 => refused("is longer than the 107 bytes that the name of a socket may have", FORMS),
        _ => Ok(Address::Unix(path.into())),
    }
}

fn tcp(rest: &str) -> Result<Address, Refused> {
    let place = rest.strip_prefix("//").unwrap_or(rest).trim_end_matches('/');
    let Some((host, port)) = place.rsplit_once(':') else { return refused("names no port", FORMS) };
    let Ok(port @ 1..) = port.parse::<u16>() else { return refused("names no port from 1 to 65535", FORMS) };
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    // "localhost" is not looked up: whoever answers a look-up could send the sound elsewhere.
    let ip = if bare == "localhost" { Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { bare.parse() };
    match ip {
        Ok(ip) if ip.is_loopback() => Ok(Address::Tcp(SocketAddr::new(ip, port))),
        _ => refused("is not on this machine, and what is said stays on it", LOOPBACK),
    }
}

fn program(rest: &str) -> Result<Address, Refused> {
    match words(rest) {
        Some(words) if words.first().is_some_and(|first| !first.is_empty()) => Ok(Address::Program(words)),
        Some(_) => refused("names no program", FORMS),
        None => refused("has a quote that is not closed", "close it; words are split as a shell does"),
    }
}

/// Splits as a shell does: at blanks, but for quotes and backslashes. `None`: a quote is open at the end.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().push(chars.next()?),
            (c, Some(_)) => word.get_or_insert_default().push(c),
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, None) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

impl fmt::Display for Address {
    /// For people: a program is named without its arguments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => write!(f, "unix://{}", path.display()),
            Address::Tcp(place) => write!(f, "tcp://{place}"),
            Address::Program(words) => write!(f, "stdio:{}", words.first().map_or("", String::as_str)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Address, String> {
        text.parse().map_err(|refused: Refused| refused.why)
    }

    #[test]
    fn the_three_forms_are_understood() {
        let program = |words: &[&str]| Address::Program(words.iter().map(|w| (*w).to_owned()).collect());
        assert_eq!(parsed(" unix:///run/a b.sock "), Ok(Address::Unix("/run/a b.sock".into())));
        assert_eq!(parsed("tcp://127.0.0.1:10300/"), Ok(Address::Tcp("127.0.0.1:10300".parse().unwrap())));
        assert_eq!(parsed("tcp://localhost:1"), Ok(Address::Tcp("127.0.0.1:1".parse().unwrap())));
        assert_eq!(parsed("tcp://[::1]:65535"), Ok(Address::Tcp("[::1]:65535".parse().unwrap())));
        assert_eq!(parsed("stdio:/opt/ear serve --x '' 'a b'\\ \"c\\\"d\""), Ok(program(&["/opt/ear", "serve", "--x", "", "a b c\"d"])));
    }

    #[test]
    fn other_machines_are_refused_by_the_rule() {
        for place in ["tcp://192.168.1.5:10300", "tcp://0.0.0.0:1", "tcp://example.org:1", "tcp://127.0.0.1.example:1", "tcp://[fe80::1]:1"]
        {
            let refused = place.parse::<Address>().unwrap_err();
            assert!(refused.why.contains("not on this machine") && refused.remedy.contains("127.0.0.1"), "{place}: {refused:?}");
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        let why = |text: &str| parsed(text).unwrap_err();
        assert!(why("").contains("empty"));
        assert!(why("http://127.0.0.1:1").contains("no address"));
        assert!(why("unix://relative").contains("absolute"));
        assert!(why(&format!("unix:///{}", "x".repeat(107))).contains("107"));
        assert!(why("tcp://127.0.0.1").contains("port") && why("tcp://127.0.0.1:0").contains("port"));
        assert!(why("stdio: ").contains("no program") && why("stdio:'' x").contains("no program"));
        assert!(why("stdio:ear 'open").contains("quote"));
    }
}
