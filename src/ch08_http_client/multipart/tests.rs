//! The tests of multipart forms: receiving, and sending.

mod receiving;
mod sending;

use super::*;

fn boundary(text: &str) -> Boundary {
    Boundary::new(text).unwrap()
}

/// A directory of its own, removed at the end.
struct Place(std::path::PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("netprog-multipart-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn file(&self, name: &str, content: &str) -> std::path::PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
