//! Attachments, as the driver keeps them: bytes under a number, until they are sent, handed over or forgotten.
//!
//! "Attachments: each is sent, handed over or forgotten exactly once, none leaks."

use std::collections::BTreeMap;

#[derive(Default)]
pub struct Store {
    bytes: BTreeMap<u32, Vec<u8>>,
    /// Handed over, and not yet asked for by a record.
    handed: BTreeMap<u32, Vec<u8>>,
    count: u32,
}

/// Numbers from here on are the core's own.
const CORES: u32 = 1 << 31;

impl Store {
    /// Keeps bytes that came from a socket or from the page.
    pub fn keep(&mut self, bytes: Vec<u8>) -> u32 {
        self.count += 1;
        self.bytes.insert(self.count, bytes);
        self.count
    }

    /// Keeps what the core had.
    pub fn keep_as(&mut self, id: u32, bytes: Vec<u8>) -> Result<(), String> {
        if id < CORES || self.bytes.insert(id, bytes).is_some() {
            return Err(format!("attachment {id} is not for the core to name"));
        }
        Ok(())
    }

    /// It is sent, and with that gone.
    pub fn send(&mut self, id: u32) -> Result<Vec<u8>, String> {
        self.bytes
            .remove(&id)
            .ok_or_else(|| format!("attachment {id} is not kept"))
    }

    pub fn hand(&mut self, id: u32) -> Result<(), String> {
        let bytes = self
            .bytes
            .remove(&id)
            .ok_or_else(|| format!("attachment {id} is handed over, but not kept"))?;
        self.handed.insert(id, bytes);
        Ok(())
    }

    pub fn forget(&mut self, id: u32) -> Result<(), String> {
        match self.bytes.remove(&id) {
            Some(_) => Ok(()),
            None => Err(format!("attachment {id} is forgotten, but not kept")),
        }
    }

    /// A record tells where what was handed over belongs.
    pub fn take(&mut self, id: u32) -> Result<Vec<u8>, String> {
        self.handed
            .remove(&id)
            .ok_or_else(|| format!("a record names attachment {id}, which was not handed over"))
    }

    pub fn kept(&self) -> usize {
        self.bytes.len()
    }

    pub fn unclaimed(&self) -> usize {
        self.handed.len()
    }
}
