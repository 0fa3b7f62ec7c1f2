//! The model and what happened, into the model after it and what must be done. Nothing here waits, reads or writes.

use std::time::Duration;

use super::{
    act,
    event::{Effect, Event},
    keys,
    model::{Device, Model},
    mouse, news,
    turns::Shape,
    view::layout,
};

/// A microphone that was silent before is said to be so again after this long.
const LONG_SILENCE: Duration = Duration::from_secs(60);

pub fn update(model: &mut Model, event: Event) -> Vec<Effect> {
    // What a key or a click means may depend on the rows; news come in numbers, and their rows can wait for the picture.
    if matches!(event, Event::Key(_) | Event::Mouse(_) | Event::Pasted(_)) {
        fit(model);
    }
    match event {
        Event::Tick(now) => tick(model, now),
        Event::Told(told) => {
            let shown = news::told(model, &told);
            model.stale |= shown.is_some();
            shown.unwrap_or_default()
        }
        other => {
            model.stale = true;
            happened(model, other)
        }
    }
}

fn happened(model: &mut Model, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(key) => return keys::key(model, key),
        Event::Mouse(mouse) => return mouse::mouse(model, mouse),
        Event::Pasted(text) => keys::paste(model, &text),
        Event::Resized(columns, rows) => model.size = (columns, rows),
        Event::Vitals(vitals) => model.meters.vitals = vitals,
        Event::Listed(kind, found) => keys::listed(model, kind, found),
        Event::Named(kind, name) => return act::take(model, kind, name),
        Event::Begun => return act::begun(model),
        Event::Stayed(why) => {
            model.turning = None;
            model.say(&why);
        }
        Event::Recalled(entries) => return act::recall(model, &entries),
        Event::Obeyed(command) => act::obeyed(model, command),
        Event::Said(text) => model.say(&text),
        Event::Lost => return vec![Effect::Lost],
        Event::Told(_) | Event::Tick(_) => {}
    }
    vec![]
}

/// Rows are made anew where something changed; the place that was being read stays. To be done before a picture is drawn.
pub fn fit(model: &mut Model) {
    let area = layout::areas(model).transcript;
    model.turns.fit(Shape { width: area.width, tight: !layout::is_roomy(model.size) });
    let end = model.turns.height().saturating_sub(usize::from(area.height));
    model.top = model.top.filter(|top| *top < end);
}

fn tick(model: &mut Model, now: std::time::Instant) -> Vec<Effect> {
    model.now = now;
    if model.said.as_ref().is_some_and(|(_, until)| *until <= now) {
        (model.said, model.stale) = (None, true);
    }
    if let (Some(since), Device::Open(name)) = (model.silence.since, &model.microphone)
        && now.duration_since(since) >= LONG_SILENCE
    {
        model.microphone = Device::Muted(name.clone());
        (model.silence.since, model.stale) = (None, true);
    }
    let (talk, say) = model.talk.tick(now);
    model.stale |= talk != model.talk;
    model.talk = talk;
    keys::said(model, say)
}
