//! The analyst, the fixer and the voice on whole cases, as their readers would see them.

#[path = "it/analyst.rs"]
mod analyst;
#[path = "it/double.rs"]
mod double;
#[path = "it/fixer.rs"]
mod fixer;
#[path = "it/hostile.rs"]
mod hostile;
#[path = "it/scene.rs"]
mod scene;
#[path = "it/voice.rs"]
mod voice;
