//! Refuses to build two engines that would not link, and writes down what the program was compiled for.

use std::{env, fs, path::Path};

/// The CMake hook that keeps the ggml inside whisper.cpp to itself.
const HOOK: &str = "cmake/ggml.cmake";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={HOOK}");
    println!("cargo::rerun-if-env-changed=CMAKE_PROJECT_INCLUDE");
    println!("cargo::rerun-if-env-changed=XNAI_NATIVE");
    if has("WHISPER") && has("LLAMA") && !hook_is_set() {
        println!(
            "cargo::error=whisper and llama bring a ggml each and link only through the hook {HOOK}: build inside the \
             source folder, where .cargo/config.toml sets CMAKE_PROJECT_INCLUDE to it (`cargo install --git` does not)"
        );
    }
    fact("TARGET", &var("TARGET"));
    // What rustc was told; ggml says for itself what it was compiled for.
    fact("TARGET_FEATURES", &var("CARGO_CFG_TARGET_FEATURE"));
    fact("NATIVE", if matches!(var("XNAI_NATIVE").as_str(), "" | "0") { "0" } else { "1" });
    fact("PROFILE", &var("PROFILE"));
}

/// For `env!("XNAI_BUILD_…")`.
fn fact(name: &str, value: &str) {
    println!("cargo::rustc-env=XNAI_BUILD_{name}={value}");
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn has(feature: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{feature}")).is_some()
}

/// Whether CMake is told to include our hook, under whatever path.
fn hook_is_set() -> bool {
    let ours = fs::read(Path::new(&var("CARGO_MANIFEST_DIR")).join(HOOK));
    let told = fs::read(var("CMAKE_PROJECT_INCLUDE"));
    matches!((ours, told), (Ok(ours), Ok(told)) if ours == told)
}
