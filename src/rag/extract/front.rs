//! Front matter: the title and tags that a Markdown file states before its text.

use std::ops::Range;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Front {
    /// Bytes of the whole block, fences included.
    pub span: Range<usize>,
    pub title: String,
    pub tags: Vec<String>,
}

/// Reads a block between `---` (YAML) or `+++` (TOML) lines at the very start. Only `title` and `tags` are looked at.
pub fn read(text: &str) -> Front {
    let Some(fence) = ["---", "+++"].into_iter().find(|f| text.lines().next().is_some_and(|line| line.trim_end() == *f)) else {
        return Front::default();
    };
    let mut front = Front::default();
    let mut in_tags = false;
    let mut at = 0;
    for (n, line) in text.split_inclusive('\n').enumerate() {
        at += line.len();
        let line = line.trim_end();
        match line.split_once([':', '=']) {
            _ if n == 0 => {}
            _ if line == fence => return Front { span: 0..at, ..front },
            _ if in_tags && line.trim_start().starts_with("- ") => front.tags.extend(list(&line.trim_start()[2..])),
            Some((key, value)) => {
                in_tags = key.trim() == "tags";
                match key.trim() {
                    "title" => front.title = bare(value).to_owned(),
                    "tags" => front.tags.extend(list(value)),
                    _ => {}
                }
            }
            None => {}
        }
    }
    // Never closed: a rule, not front matter.
    Front::default()
}

fn bare(value: &str) -> &str {
    value.trim().trim_matches(['"', '\'']).trim()
}

fn list(value: &str) -> impl Iterator<Item = String> + '_ {
    value.trim().trim_matches(['[', ']']).split(',').map(bare).filter(|t| !t.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_and_toml_say_the_same() {
        let yaml = read("---\ntitle: \"A shop\"\ntags:\n  - rules\n  - money\n---\nText");
        let toml = read("+++\ntitle = 'A shop'\ntags = [\"rules\", \"money\"]\n+++\nText");
        assert_eq!((&yaml.title, &yaml.tags), (&toml.title, &toml.tags));
        assert_eq!(yaml.tags, ["rules", "money"]);
        assert_eq!(
            &"---\ntitle: \"A shop\"\ntags:\n  - rules\n  - money\n---\nText"[yaml.span],
            "---\ntitle: \"A shop\"\ntags:\n  - rules\n  - money\n---\n"
        );
    }

    #[test]
    fn a_rule_at_the_start_is_no_front_matter() {
        assert_eq!(read("---\nJust text: with a colon\n"), Front::default());
        assert_eq!(read(""), Front::default());
    }
}
