//! Engine.IO over HTTP: long-polling GETs and POSTs.

use super::Server;
use jobwire::core::protocol::socketio::engineio::Payload;

/// Packets of one POST that python-engineio reads; it says `OK` to more, and loses them.
pub const MOST_PACKETS: usize = 16;

/// What a request over HTTP wants.
#[derive(Clone, Debug)]
pub struct Request {
    pub req: u32,
    pub host: usize,
    pub sid: Option<String>,
    /// The token in its address.
    pub token: Option<u32>,
    /// The body of a POST.
    pub body: Option<String>,
}

impl Server {
    pub fn request(&mut self, request: Request) {
        let Request {
            req,
            host,
            sid,
            token,
            body,
        } = request;
        if !self.habits.polling {
            return self.refuse(req, 0, "Transport unknown");
        }
        let Some(sid) = sid else {
            if body.is_some() {
                return self.refuse(req, 2, "Bad handshake method");
            }
            let sid = self.open_session(host, token, None);
            return self.get(req, &sid);
        };
        match self.sessions.get(&sid) {
            Some(session) if session.host == host => {
                if session.wire.is_some() {
                    return self.refuse(req, 3, "Bad request");
                }
            }
            _ => return self.refuse(req, 1, "Session ID unknown"),
        }
        match body {
            None => self.get(req, &sid),
            Some(body) => self.post(req, &sid, &body),
        }
    }

    fn refuse(&mut self, req: u32, code: u32, message: &str) {
        let body = if self.is_node() {
            format!("{{\"code\":{code},\"message\":\"{message}\"}}")
        } else {
            format!("\"{message}\"")
        };
        self.answer(req, 400, body);
    }

    fn get(&mut self, req: u32, sid: &str) {
        let node = self.is_node();
        let Some(session) = self.sessions.get_mut(sid) else {
            return;
        };
        if session.get.is_some() {
            self.wrong("a GET overlaps another");
            self.refuse(req, 3, "Bad request");
            return self.end_session(sid, "overlap from client", false);
        }
        if !node && session.probed {
            return self.answer(req, 200, "6");
        }
        session.get = Some(req);
        self.flush(sid);
    }

    fn post(&mut self, req: u32, sid: &str, body: &str) {
        if body.len() as u64 > self.habits.max_payload {
            return self.post_too_long(req, sid, body);
        }
        let packets: Vec<_> = Payload::new(body).collect();
        if packets.len() > MOST_PACKETS {
            self.wrong(format!("{} packets in one POST", packets.len()));
            if !self.is_node() {
                return self.answer(req, 200, "OK");
            }
        }
        for packet in packets {
            match packet {
                Ok(packet) => self.packet(sid, &packet),
                Err(error) => self.wrong(format!("{error:?} in a POST: {body:?}")),
            }
        }
        let ok = if self.is_node() { "ok" } else { "OK" };
        self.answer(req, 200, ok);
    }

    /// One packet alone may be too long: the client has been told, but not stopped.
    fn post_too_long(&mut self, req: u32, sid: &str, body: &str) {
        if body.contains('\u{1e}') {
            self.wrong(format!(
                "a POST of {} bytes with several packets",
                body.len()
            ));
        }
        if self.is_node() {
            return self.answer(req, 413, "");
        }
        self.refuse(req, 3, "too long");
        self.end_session(sid, "a body that is too long", false);
    }

    /// The client gave a request up, or its connection broke.
    pub fn abort(&mut self, req: u32) {
        let waiting = self
            .sessions
            .iter()
            .find(|(_, session)| session.get == Some(req));
        let Some((sid, _)) = waiting else {
            return;
        };
        let sid = sid.clone();
        if self.is_node() {
            return self.forget_session(&sid, true);
        }
        if let Some(session) = self.sessions.get_mut(&sid) {
            // What it answers next is lost on a connection that is not there.
            session.get = Some(u32::MAX);
        }
    }
}
