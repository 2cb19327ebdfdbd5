//! A connection, as the network and its server see it.

use crate::simulator::Link;
use jobwire::core::Gen;

pub struct Connection {
    pub link: Link,
    /// Which job's; `None`: all.
    pub job: Option<usize>,
    /// The job named in its URL exists.
    pub known: bool,
    /// When its token runs out, if one was given.
    pub token_until: Option<u64>,
    /// The server has closed it or never heard of it.
    pub ended: bool,
    /// The wait for an unresponsive handshake is over only when the trouble ends.
    pub hanging: bool,
    /// A frame that a faulty server sends after the next one.
    pub held: Option<(String, Vec<u64>)>,
}

impl Connection {
    pub fn new(r#gen: Gen, host: usize, job: Option<usize>, known: bool) -> Self {
        Self {
            link: Link::new(r#gen, host),
            job,
            known,
            token_until: None,
            ended: false,
            hanging: false,
            held: None,
        }
    }
}
