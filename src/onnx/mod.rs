//! The one place that names ONNX Runtime: finds the library, opens sessions, runs them. No room.
