//! `xnai devices`: the microphones and speakers that can be named as audio.input and audio.output.

use crate::{
    audio::{self, DeviceInfo},
    error::Result,
    os::terminal::{plain, say, say_json, tell},
};

#[derive(clap::Args, Debug)]
pub struct Args {
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<()> {
    let (inputs, outputs) = (audio::inputs()?, audio::outputs()?);
    if args.json {
        return say_json(&serde_json::json!({ "inputs": inputs, "outputs": outputs }));
    }
    if inputs.is_empty() && outputs.is_empty() {
        tell("no sound device: questions can be typed, and answers written to a file with --out");
    }
    say(&page("Microphones (--input, audio.input)", &inputs))?;
    say(&page("Speakers (--output, audio.output)", &outputs))
}

fn page(title: &str, devices: &[DeviceInfo]) -> String {
    let width = devices.iter().map(|d| d.name.chars().count()).max().unwrap_or(0).min(50);
    let mut page = format!("{title}\n");
    if devices.is_empty() {
        page += "  none\n";
    }
    for DeviceInfo { index, name, description, default, rate, channels } in devices {
        let mark = if *default { '*' } else { ' ' };
        let line = plain(&format!("{mark}{index:3}  {name:width$}  {rate} Hz, {channels} ch.  {description}")).replace('\n', " ");
        page += line.trim_end();
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_marked_and_nothing_of_a_name_reaches_the_terminal_as_a_command() {
        let device = |index, name: &str| DeviceInfo {
            index,
            name: name.into(),
            description: "a\x1b]0;x\x07\nb".into(),
            default: index == 0,
            rate: 48_000,
            channels: 2,
        };
        let page = page("Title", &[device(0, "default"), device(1, "hw:CARD=USB")]);
        assert_eq!(page, "Title\n*  0  default      48000 Hz, 2 ch.  a]0;x b\n   1  hw:CARD=USB  48000 Hz, 2 ch.  a]0;x b\n");
        assert!(super::page("Title", &[]).contains("none"));
    }
}
