//! Small templates of our own, in the manner of the ones that models bring.

use super::*;

const CHAT_ML: &str = "\
{%- for m in messages %}
    {{- '<|im_start|>' + m['role'] + '\\n' + m['content'].strip() + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}";

const BRACKETS: &str = "\
{% if messages[0].role == 'system' %}{% set system = '<<SYS>>' + messages[0].content + '<</SYS>>' %}{% set rest = messages[1:] %}\
{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}{{ bos_token }}\
{% for m in rest %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}\
{% if m.role == 'user' %}{{ '[INST] ' + (system if loop.first else '') + m.content + ' [/INST]' }}\
{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}";

const NO_SYSTEM: &str = "\
{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}
{% for message in messages %}
{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}
{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>' }}
{% endfor %}
{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}
";

fn tokens() -> Tokens {
    Tokens { bos: "<s>".into(), eos: "</s>".into() }
}

fn render(source: &str, messages: &[(Role, &str)]) -> (String, Style) {
    let template = Template::new(Some(source), tokens());
    let messages: Vec<Message> = messages.iter().map(|(role, text)| Message::new(*role, *text)).collect();
    (template.render(&messages).text, template.style())
}

const TALK: [(Role, &str); 4] = [(Role::System, "Be kind."), (Role::User, "Hi"), (Role::Assistant, "Hello."), (Role::User, "Bye")];

#[test]
fn chat_ml_with_python_methods_and_no_thinking() {
    let (text, style) = render(CHAT_ML, &TALK[..2]);
    let expected = "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n";
    assert_eq!((text.as_str(), style), (expected, Style::Own { merged: false }));
}

#[test]
fn bracketed_instructions() {
    assert_eq!(render(BRACKETS, &TALK).0, "<s>[INST] <<SYS>>Be kind.<</SYS>>Hi [/INST] Hello.</s>[INST] Bye [/INST]");
}

#[test]
fn a_template_without_a_system_role_gets_it_in_the_first_question() {
    let (text, style) = render(NO_SYSTEM, &TALK[..2]);
    assert_eq!(style, Style::Own { merged: true });
    assert_eq!(text, "<s><start_of_turn>user\nBe kind.\n\nHi<end_of_turn>\n<start_of_turn>model\n");
}

#[test]
fn the_date_is_known_and_unused_branches_do_no_harm() {
    let source = "{% if tools %}{{ tools | tojson }}{% endif %}{{ strftime_now('%Y') }}{% for m in messages %}{{ m.content }}{% endfor %}";
    let (text, style) = render(source, &TALK[..2]);
    assert_eq!(style, Style::Own { merged: false });
    assert!(text.starts_with("20") && text.ends_with("Hi"), "{text}");
}

#[test]
fn a_template_that_fails_becomes_chat_ml_and_says_so() {
    for broken in ["{% for", "{{ raise_exception('never') }}", "{{ nothing.at.all() }}"] {
        let template = Template::new(Some(broken), tokens());
        assert_eq!(template.style(), Style::ChatMl, "{broken}");
        assert!(template.note().is_some_and(|note| note.contains("ChatML")));
        let rendered = template.render(&[Message::new(Role::User, "Hi")]);
        assert_eq!(rendered.text, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
        assert!(rendered.stops.contains(&"<|im_end|>".to_owned()));
    }
}

#[test]
fn a_base_model_continues_the_text() {
    let template = Template::new(None, tokens());
    assert_eq!((template.style(), template.note()), (Style::Plain, None));
    assert_eq!(template.render(&[Message::new(Role::User, "Once upon a time")]).text, "Once upon a time");
    let talk = [Message::new(Role::System, "S"), Message::new(Role::User, "Q")];
    assert_eq!(template.render(&talk), Rendered { text: "S\n\nUser: Q\n\nAssistant:".into(), stops: vec!["\nUser:".into()] });
}

#[test]
fn the_beginning_of_a_conversation_stays_the_same_as_it_grows() {
    for source in [CHAT_ML, BRACKETS, NO_SYSTEM] {
        let (short, _) = render(source, &TALK[..2]);
        let (long, _) = render(source, &TALK);
        let shared = short.bytes().zip(long.bytes()).take_while(|(a, b)| a == b).count();
        assert!(long[..shared].contains("Hi"), "{shared} of {short:?}");
    }
}
