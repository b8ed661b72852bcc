//! What the parts of JSON do together.

mod hostile;
mod stream;
mod tables;
mod values;
