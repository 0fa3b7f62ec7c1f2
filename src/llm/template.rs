//! Chat messages in, the one text that the model was trained to continue out.
//!
//! A GGUF file brings its chat template (Jinja, written for Python); it is rendered by minijinja with Python's string
//! methods. A template that fails is replaced by ChatML, and the user is told; a model without a template is a base
//! model and gets plain text.

use std::fmt::Write;

use minijinja::{Environment, Error, ErrorKind, Value, context, syntax::SyntaxConfig};

use super::prompt::{Message, Role};

/// Name of the one template in the environment.
const NAME: &str = "chat";

/// Texts of the tokens that templates write themselves; empty where the model has none.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    pub bos: String,
    pub eos: String,
}

/// What a model continues, and what ends its answer besides its own end token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    pub stops: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The model's own template; `merged`: it knows no system role, so the first question carries those words.
    Own { merged: bool },
    /// The model's own failed.
    ChatMl,
    /// A base model: it continues text.
    Plain,
}

pub struct Template {
    environment: Environment<'static>,
    tokens: Tokens,
    style: Style,
    note: Option<String>,
}

impl Template {
    /// `source` is the model's `tokenizer.chat_template`. It is tried out here once, so that a later question meets no
    /// surprise.
    pub fn new(source: Option<&str>, tokens: Tokens) -> Self {
        let mut template = Self { environment: environment(), tokens, style: Style::Plain, note: None };
        let Some(source) = source.filter(|source| !source.trim().is_empty()) else { return template };
        match template.try_out(source) {
            Ok(style) => template.style = style,
            Err(why) => {
                template.style = Style::ChatMl;
                template.note = Some(format!("the model's chat template does not work here ({why}), so ChatML is used"));
            }
        }
        template
    }

    pub fn style(&self) -> Style {
        self.style
    }

    /// What the user should know: that another template than the model's is used, and why.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Never fails: what the model's own template refuses is rendered as ChatML.
    pub fn render(&self, messages: &[Message]) -> Rendered {
        match self.style {
            Style::Plain => plain(messages),
            Style::ChatMl => chat_ml(messages),
            Style::Own { merged } => match self.own(messages, merged) {
                Ok(text) => Rendered { text, stops: Vec::new() },
                Err(error) => {
                    tracing::warn!(%error, "the chat template failed on this conversation");
                    chat_ml(messages)
                }
            },
        }
    }

    fn try_out(&mut self, source: &str) -> Result<Style, Error> {
        self.environment.add_template_owned(NAME, source.to_owned())?;
        let talk = [Role::System, Role::User, Role::Assistant, Role::User].map(|role| Message::new(role, "x"));
        if self.own(&talk, false).is_ok() {
            return Ok(Style::Own { merged: false });
        }
        self.own(&talk, true).map(|_| Style::Own { merged: true })
    }

    fn own(&self, messages: &[Message], merged: bool) -> Result<String, Error> {
        let messages = if merged { merge_system(messages) } else { messages.to_vec() };
        let message = |m: &Message| context! { role => m.role.name(), content => m.content.as_str() };
        self.environment.get_template(NAME)?.render(context! {
            messages => messages.iter().map(message).collect::<Vec<Value>>(),
            add_generation_prompt => true,
            bos_token => self.tokens.bos.as_str(),
            eos_token => self.tokens.eos.as_str(),
            enable_thinking => false, // thoughts would be spoken
        })
    }
}

/// Jinja as the authors of chat templates know it: block lines vanish, Python's methods work, `raise_exception` and
/// `strftime_now` exist.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment
        .add_function("raise_exception", |why: String| -> Result<Value, Error> { Err(Error::new(ErrorKind::InvalidOperation, why)) });
    environment.add_function("strftime_now", |format: String| {
        jiff::fmt::strtime::format(&format, &jiff::Zoned::now()).map_err(|e| Error::new(ErrorKind::InvalidOperation, e.to_string()))
    });
    environment
}

/// The system's words before the first question, for templates that know no system role.
fn merge_system(messages: &[Message]) -> Vec<Message> {
    let mut merged = messages.to_vec();
    if merged.first().is_some_and(|m| m.role == Role::System) {
        let system = merged.remove(0).content;
        match merged.first_mut() {
            Some(first) => first.content = format!("{system}\n\n{}", first.content),
            None => merged.push(Message::new(Role::User, system)),
        }
    }
    merged
}

fn chat_ml(messages: &[Message]) -> Rendered {
    let mut text = String::new();
    for message in messages {
        let _ = writeln!(text, "<|im_start|>{}\n{}<|im_end|>", message.role.name(), message.content); // into a String: never fails
    }
    text.push_str("<|im_start|>assistant\n");
    Rendered { text, stops: vec!["<|im_end|>".to_owned(), "<|im_start|>".to_owned()] }
}

/// A base model continues a single text as it stands; a conversation is written out as one.
fn plain(messages: &[Message]) -> Rendered {
    if let [only] = messages {
        return Rendered { text: only.content.clone(), stops: Vec::new() };
    }
    let mut text = String::new();
    for message in messages {
        let label = match message.role {
            Role::System => "",
            Role::User => "User: ",
            Role::Assistant => "Assistant: ",
        };
        let _ = write!(text, "{label}{}\n\n", message.content); // into a String: never fails
    }
    text.push_str("Assistant:");
    Rendered { text, stops: vec!["\nUser:".to_owned()] }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
