//! Namespaces of a session: who is let in, what is said, what is acknowledged.

use super::{Alarm, Door, Frame, Life, Server, Told};
use jobwire::core::json::Str;
use jobwire::core::protocol::socketio::{self, Body, Packet};
use serde_json::Value;

/// A Socket.IO packet as frames of Engine.IO: its text, then its attachments.
pub(super) fn frames(packet: &Packet<'_>, attachments: &[Vec<u8>]) -> Vec<Frame> {
    let mut text = String::from("4");
    socketio::encode(packet, &mut text)
        .unwrap_or_else(|error| panic!("{error:?}: {packet:?} cannot be written"));
    let mut frames = vec![Frame::Text(text)];
    frames.extend(attachments.iter().cloned().map(Frame::Binary));
    frames
}

/// The number of a message of the page, which its first argument names.
fn number(args: &Value) -> Option<u64> {
    args[0]["n"].as_u64()
}

impl Server {
    pub(super) fn text_message(&mut self, sid: &str, message: &str) {
        let Some(session) = self.sessions.get_mut(sid) else {
            return;
        };
        match session.inbox.text(message) {
            Ok(Some(packet)) => self.socketio_packet(sid, &packet, Vec::new()),
            Ok(None) => {}
            Err(error) => {
                self.wrong(format!("{error:?} in {message:?}"));
                self.end_session(sid, "parse error", false);
            }
        }
    }

    pub(super) fn binary_message(&mut self, sid: &str, bytes: Vec<u8>) {
        let Some(session) = self.sessions.get_mut(sid) else {
            return;
        };
        let size = bytes.len() as u64;
        match session.inbox.binary(bytes, size) {
            Ok(Some(whole)) => {
                if let Ok(packet) = whole.packet() {
                    self.socketio_packet(sid, &packet, whole.attachments.clone());
                }
            }
            Ok(None) => {}
            Err(error) => {
                self.wrong(format!("{error:?} by a binary message"));
                self.end_session(sid, "parse error", false);
            }
        }
    }

    fn socketio_packet(&mut self, sid: &str, packet: &Packet<'_>, attachments: Vec<Vec<u8>>) {
        let namespace = packet.namespace;
        let Some(session) = self.sessions.get(sid) else {
            return;
        };
        let life = session.sockets.get(namespace).copied();
        let connects = matches!(packet.body, Body::Connect(_));
        if connects && (life.is_some() || session.admitting.contains(namespace)) {
            self.wrong(format!("{namespace} is joined twice"));
            return self.end_session(sid, "invalid state", false);
        }
        match (packet.body, life) {
            (Body::Connect(auth), _) => {
                if let Some(session) = self.sessions.get_mut(sid) {
                    session.admitting.insert(namespace.to_owned());
                }
                let wait = self.dice.between(0, self.habits.slow_door);
                let (sid, namespace, auth) = (sid.into(), namespace.into(), auth.into());
                self.later(
                    wait,
                    Alarm::Admit {
                        sid,
                        namespace,
                        auth,
                    },
                );
            }
            (Body::Disconnect(_), Some(life)) => {
                if let Some(session) = self.sessions.get_mut(sid) {
                    session.sockets.remove(namespace);
                }
                self.end_life(life, false);
            }
            (Body::Event { name, args, ack }, Some(life)) => {
                self.event(sid, life, &name.get(), args, ack, attachments);
            }
            (Body::Ack { id, args }, Some(life)) => self.replied(sid, life, id, args, attachments),
            // What was under way when the server put the client out, or is not in yet.
            _ if self.is_node() => self.end_session(sid, "invalid state", false),
            _ => {}
        }
    }

    /// The application has decided whether to let somebody in.
    pub(super) fn admit(&mut self, sid: &str, namespace: &str, auth: &str) {
        let Some(session) = self.sessions.get_mut(sid) else {
            return;
        };
        session.admitting.remove(namespace);
        let in_address = session.token;
        let auth: Value = serde_json::from_str(auth).unwrap_or(Value::Null);
        let token = auth["token"]
            .as_str()
            .and_then(|token| token.strip_prefix("tok-")?.parse().ok())
            .or(in_address);
        let found = self
            .habits
            .doors
            .iter()
            .find(|(name, _)| **name == namespace);
        let refusal = match found.map(|(_, door)| *door) {
            Some(Door::Open) => None,
            Some(Door::Token) if self.token_is_good(token) => None,
            Some(Door::Token) if self.is_node() => {
                Some("{\"message\":\"unauthorized\",\"data\":{\"code\":\"unauthorized\"}}")
            }
            Some(Door::Token) => Some("\"unauthorized\""),
            Some(Door::Closed) => Some("{\"message\":\"not here\"}"),
            None if self.is_node() => Some("{\"message\":\"Invalid namespace\"}"),
            None => Some("\"Unable to connect\""),
        };
        let Some(refusal) = refusal else {
            return self.let_in(sid, namespace, &auth);
        };
        let mut body = Body::ConnectError(refusal);
        if self.habits.always_connect && found.is_some() {
            let granted = format!("{{\"sid\":\"{}\"}}", self.id("x"));
            self.send_packet(sid, namespace, Body::Connect(&granted));
            body = Body::Disconnect(refusal);
        }
        self.send_packet(sid, namespace, body);
    }

    fn let_in(&mut self, sid: &str, namespace: &str, auth: &Value) {
        let pid = auth["pid"].as_str().unwrap_or("");
        let offset = auth["offset"].as_str().unwrap_or("");
        let recovered = self.recover(namespace, pid, offset);
        let is_recovered = recovered.is_some();
        let (life, missed) = recovered.unwrap_or_else(|| (self.new_life(namespace), Vec::new()));
        if let Some(session) = self.sessions.get_mut(sid) {
            session.sockets.insert(namespace.to_owned(), life);
        }
        self.lives[life].session = Some(sid.to_owned());
        // What was missed comes before the word that the client is in.
        for k in missed {
            self.deliver(life, k, None);
        }
        let Life { id, pid, .. } = &self.lives[life];
        let granted = match pid {
            Some(pid) => format!("{{\"sid\":\"{id}\",\"pid\":\"{pid}\"}}"),
            None => format!("{{\"sid\":\"{id}\"}}"),
        };
        self.send_packet(sid, namespace, Body::Connect(&granted));
        self.told.push(Told::Joined {
            recovered: is_recovered,
        });
    }

    pub(super) fn send_packet(&mut self, sid: &str, namespace: &str, body: Body<'_>) {
        let packet = Packet {
            namespace,
            attachments: 0,
            body,
        };
        self.send(sid, frames(&packet, &[]));
    }

    /// The server puts a client out of a namespace.
    pub fn kick(&mut self, life: usize) {
        let Some(sid) = self.lives[life].session.clone() else {
            return;
        };
        let namespace = self.lives[life].namespace.clone();
        if let Some(session) = self.sessions.get_mut(&sid) {
            session.sockets.remove(&namespace);
        }
        self.end_life(life, false);
        self.send_packet(&sid, &namespace, Body::Disconnect(""));
    }

    fn event(
        &mut self,
        sid: &str,
        life: usize,
        name: &str,
        args: &str,
        ack: Option<u64>,
        attachments: Vec<Vec<u8>>,
    ) {
        let list: Value = serde_json::from_str(&format!("[{args}]")).unwrap_or(Value::Null);
        if name == "subscribe_to_jobs" {
            self.lives[life].subscribed = true;
            return;
        }
        if name == "request_jobs_list" {
            return self.tell_jobs(life);
        }
        let (Some(n), "m" | "ask") = (number(&list), name) else {
            return self.wrong(format!("an event that no page sent: {name} {args}"));
        };
        if (name == "ask") != ack.is_some() {
            self.wrong(format!("message {n} and its acknowledgement: {ack:?}"));
        }
        self.told.push(Told::Arrived {
            n,
            sid: sid.to_owned(),
            attachments,
        });
        if let (Some(id), Some(wait)) = (ack, list[0]["wait"].as_u64()) {
            let bytes = list[0]["bytes"] == true;
            let (sid, namespace) = (sid.to_owned(), self.lives[life].namespace.clone());
            self.later(
                wait,
                Alarm::Acknowledge {
                    sid,
                    namespace,
                    id,
                    n,
                    bytes,
                },
            );
        }
    }

    /// Also in a namespace that the client has left since: servers do not look.
    pub(super) fn acknowledge(&mut self, sid: &str, namespace: &str, id: u64, n: u64, bytes: bool) {
        let (args, attachments) = if bytes {
            let data = super::app::bytes_of(n);
            (
                format!("{{\"n\":{n},\"data\":{{\"_placeholder\":true,\"num\":0}}}}"),
                vec![data],
            )
        } else {
            (format!("{{\"n\":{n}}}"), Vec::new())
        };
        let packet = Packet {
            namespace,
            attachments: attachments.len() as u32,
            body: Body::Ack { id, args: &args },
        };
        self.send(sid, frames(&packet, &attachments));
    }

    fn replied(&mut self, sid: &str, life: usize, id: u64, args: &str, attachments: Vec<Vec<u8>>) {
        let list: Value = serde_json::from_str(&format!("[{args}]")).unwrap_or(Value::Null);
        let asked = self.lives[life].questions.remove(&id);
        match (asked, number(&list)) {
            (Some(k), Some(n)) => {
                self.told.push(Told::Arrived {
                    n,
                    sid: sid.to_owned(),
                    attachments,
                });
                self.told.push(Told::Replied { k, n });
            }
            _ => self.wrong(format!("an acknowledgement of nothing: {id} {args}")),
        }
    }

    /// An event of the server as a packet.
    pub(super) fn event_frames(&self, life: usize, k: u64, ack: Option<u64>) -> Vec<Frame> {
        let emission = &self.emissions[k as usize];
        let mut args = emission.args.clone();
        if let Some(mark) = &emission.mark {
            args.push_str(&format!(",\"{mark}\""));
        }
        let packet = Packet {
            namespace: &self.lives[life].namespace,
            attachments: emission.attachments.len() as u32,
            body: Body::Event {
                name: Str::plain(emission.name),
                args: &args,
                ack,
            },
        };
        frames(&packet, &emission.attachments)
    }
}
