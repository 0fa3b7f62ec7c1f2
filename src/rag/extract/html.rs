//! HTML into Markdown: headings and lists survive, scripts and styles do not.

use std::{panic, thread};

use htmd::HtmlToMarkdown;

use super::{Extract, Extracted, Skip, markdown::first_heading, text::decode};

/// The converter recurses; deeper pages are made by machines to break readers.
const DEEPEST: usize = 2000;
/// Room for [`DEEPEST`] levels, in bytes: measured need is below 4 KiB a level.
const STACK: usize = 64 << 20;

/// Elements that browsers close by themselves: they do not nest however often they are opened.
const UNNESTED: &[&str] = &[
    "area", "base", "body", "br", "col", "dd", "dt", "embed", "head", "hr", "html", "img", "input", "li", "link", "meta", "option", "p",
    "param", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
];

pub struct Html;

impl Extract for Html {
    fn kind(&self) -> &'static str {
        "html"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["html", "htm", "xhtml"]
    }

    fn extract(&self, bytes: &[u8]) -> Result<Extracted, Skip> {
        let html = decode(bytes)?;
        if depth(&html) > DEEPEST {
            return Err(Skip(format!("its elements are nested more than {DEEPEST} deep")));
        }
        let stated = title(&html);
        let text = convert(html)?;
        if text.trim().is_empty() {
            return Err(Skip("it holds no text".into()));
        }
        let title = if stated.is_empty() { first_heading(&text) } else { stated };
        Ok(Extracted { body: 0..text.len(), text, title, tags: Vec::new(), markdown: true })
    }
}

/// On a thread of its own: it recurses, and must not take the program with it when it panics.
fn convert(html: String) -> Result<String, Skip> {
    let work = move || {
        let skipped = vec!["script", "style", "noscript", "template", "svg", "head", "nav"];
        panic::catch_unwind(|| HtmlToMarkdown::builder().skip_tags(skipped).build().convert(&html))
    };
    let thread = thread::Builder::new().name("rag-html".into()).stack_size(STACK).spawn(work);
    let outcome = thread.ok().and_then(|t| t.join().ok());
    match outcome {
        Some(Ok(Ok(text))) => Ok(text),
        Some(Ok(Err(error))) => Err(Skip(format!("it is no HTML that can be read: {error}"))),
        _ => Err(Skip("its HTML could not be read".into())),
    }
}

/// The words of `<title>`, entities decoded as far as titles need it.
fn title(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let between = || {
        let open = lower.find("<title")?;
        let start = open + lower[open..].find('>')? + 1;
        Some(&html[start..start + lower[start..].find("</title")?])
    };
    let plain = between().unwrap_or_default().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    let plain = plain.replace("&#39;", "'").replace("&nbsp;", " ").replace("&amp;", "&");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How deep elements nest, counted from the tags alone.
fn depth(html: &str) -> usize {
    let (mut now, mut most) = (0usize, 0);
    for tag in html.split('<').skip(1) {
        let closing = tag.starts_with('/');
        let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if name.is_empty() || UNNESTED.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        now = if closing { now.saturating_sub(1) } else { now + 1 };
        most = most.max(now);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_headings_and_text_without_scripts() {
        let page = "<html><head><title>Shop &amp; rules</title><style>p{}</style></head><body><h2>Refunds</h2>\
                    <p>Within <b>30</b> days.</p><script>alert(1)</script></body></html>";
        let extracted = Html.extract(page.as_bytes()).unwrap();
        assert_eq!(extracted.title, "Shop & rules");
        assert!(extracted.text.contains("## Refunds") && extracted.text.contains("30"), "{}", extracted.text);
        assert!(!extracted.text.contains("alert") && !extracted.text.contains("p{}"));
    }

    #[test]
    fn a_page_nested_to_break_readers_is_skipped_and_one_just_below_is_read() {
        let nested = |n: usize| format!("{}deep{}", "<div>".repeat(n), "</div>".repeat(n));
        assert!(Html.extract(nested(20_000).as_bytes()).is_err());
        assert!(Html.extract(nested(DEEPEST - 1).as_bytes()).unwrap().text.contains("deep"));
        let loose = "<p>word <br>".repeat(DEEPEST + 500);
        assert!(Html.extract(loose.as_bytes()).is_ok());
    }
}
