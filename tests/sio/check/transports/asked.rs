//! What the engine asks for.

use super::{Request, Socket, Transports, parameter, sid_of};
use crate::check::{Blame, Broken};
use crate::plan::Plan;
use crate::server::MOST_PACKETS;
use crate::wire::{Part, Said, parts, said};
use jobwire::core::Gen;
use jobwire::core::protocol::socketio::engineio::base64_length;

impl Transports {
    fn address(url: &str, transport: &str, broken: &mut Broken) {
        let scheme = if transport == "polling" {
            "http://s"
        } else {
            "ws://s"
        };
        let right = url.starts_with(scheme)
            && url.contains("/socket.io/?")
            && parameter(url, "EIO") == Some("4")
            && parameter(url, "transport") == Some(transport);
        broken.ensure("addresses are right", right, || url.to_owned());
    }

    pub fn opens(&mut self, plan: &Plan, r#gen: Gen, url: &str, now: u64, broken: &mut Broken) {
        Self::address(url, "websocket", broken);
        let probes = sid_of(url);
        let count = |probe: bool| {
            self.sockets
                .values()
                .filter(|socket| socket.is_probe() == probe)
                .count()
        };
        let others = count(probes.is_some());
        broken.ensure("one WebSocket, beside a probe", others == 0, || {
            format!("{url} beside {:?}", self.sockets)
        });
        if probes.is_none() {
            self.leaves_behind();
            self.attempts.begins(plan, now, broken);
        }
        let socket = Socket {
            probes,
            begun: now,
            answered: false,
            upgraded: false,
        };
        self.sockets.insert(r#gen.id(), socket);
    }

    pub fn closes(&mut self, plan: &Plan, r#gen: Gen, reason: &str, now: u64, broken: &mut Broken) {
        let socket = self.sockets.remove(&r#gen.id());
        broken.ensure("a socket is closed once", socket.is_some(), || {
            format!("{gen:?}")
        });
        if socket.is_some_and(|socket| !socket.is_probe()) {
            self.session_ends();
            match reason {
                // What the server said or did has been counted.
                "lost" => {}
                "handshake timed out"
                | "no handshake"
                | "no heartbeat"
                | "a namespace does not answer" => {
                    let calm = plan.is_calm() && !plan.never_sockets;
                    broken.ensure("without trouble nothing is given up", !calm, || {
                        reason.into()
                    });
                    self.attempts.fails(plan, now, Blame::Network);
                }
                _ => self.attempts.let_go(),
            }
        }
    }

    pub fn sends(
        &mut self,
        r#gen: Gen,
        text: Option<&str>,
        now: u64,
        broken: &mut Broken,
    ) -> Option<Said> {
        let Some(socket) = self.sockets.get_mut(&r#gen.id()) else {
            broken.ensure("nothing goes to a socket that is not there", false, || {
                format!("{text:?}")
            });
            return None;
        };
        let said = text.map(said);
        if let Some(Said::Wrong(why)) = &said {
            broken.ensure("what is sent is right", false, || why.clone());
        }
        if !socket.is_probe() {
            if said == Some(Said::Pong) {
                self.owes_pong = None;
            }
            let fits = !matches!(said, Some(Said::Probe | Said::Upgrade));
            broken.ensure("only a probe probes", fits, || format!("{text:?}"));
            return said;
        }
        let right = match &said {
            Some(Said::Probe) => !socket.answered,
            Some(Said::Upgrade) => socket.answered,
            _ => false,
        };
        broken.ensure("a probe says what a probe says", right, || {
            format!("{text:?} on {socket:?}")
        });
        if said == Some(Said::Upgrade) {
            socket.upgraded = true;
            let sid = socket.probes.clone();
            let waiting = self.requests.values().any(|request| request.sid == sid);
            broken.ensure("an upgrade waits for what is under way", !waiting, || {
                format!("{:?}", self.requests)
            });
            self.upgraded.extend(sid);
            self.upgrades += 1;
            self.heard = self.heard.max(Some(now));
        }
        said
    }

    /// A request of Engine.IO; what its packets say.
    pub fn polls(
        &mut self,
        plan: &Plan,
        req: u32,
        url: &str,
        body: Option<(&str, &[u64])>,
        now: u64,
        broken: &mut Broken,
    ) -> Vec<Option<Said>> {
        Self::address(url, "polling", broken);
        let sid = sid_of(url);
        if sid.is_none() {
            broken.ensure("a session begins with a GET", body.is_none(), || {
                url.to_owned()
            });
            self.leaves_behind();
            self.attempts.begins(plan, now, broken);
        }
        let old = sid.as_ref().is_some_and(|sid| self.upgraded.contains(sid));
        broken.ensure("nothing goes to a transport that was left", !old, || {
            url.to_owned()
        });
        let probed = self
            .sockets
            .values()
            .any(|socket| socket.answered && socket.is_probe() && socket.probes == sid);
        let (parts, sizes) = match body {
            Some((body, sizes)) => (parts(body), sizes),
            None => (Vec::new(), &[][..]),
        };
        let words: Vec<Option<Said>> = parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(said(text)),
                Part::Attachment => None,
            })
            .collect();
        let leaves = words.last() == Some(&Some(Said::Close));
        let is_left = sid
            .as_ref()
            .is_some_and(|sid| self.left.contains(sid) || self.owes_good_bye.contains(sid));
        if is_left {
            broken.ensure(
                "whoever has left says good-bye, and nothing more",
                body.is_some() && words == [Some(Said::Close)],
                || format!("{url} {body:?}"),
            );
            if let Some(sid) = &sid {
                self.left.remove(sid);
                self.owes_good_bye.remove(sid);
            }
        } else if leaves {
            self.session_ends();
            self.attempts.let_go();
            for request in self
                .requests
                .values_mut()
                .filter(|request| request.sid == sid)
            {
                request.leaves = true;
            }
        }
        broken.ensure(
            "once probed nothing is sent the old way",
            !probed || leaves,
            || format!("{url} {body:?}"),
        );
        let posts = body.is_some();
        // Of sessions that were left several may be on their way out, and what closes one may not be able to wait.
        let overlaps = self
            .requests
            .values()
            .any(|other| other.sid == sid && other.posts == posts && !other.leaves);
        broken.ensure("one GET and one POST at a time", !overlaps, || {
            format!("{url} {body:?}: {:?}", self.requests)
        });
        for word in words.iter().flatten() {
            if let Said::Wrong(why) = word {
                broken.ensure("what is sent is right", false, || why.clone());
            }
            if *word == Said::Pong {
                self.owes_pong = None;
            }
        }
        if let Some((text, _)) = body {
            self.posts += 1;
            let count = parts.len();
            broken.ensure("at most 16 packets a POST", count <= MOST_PACKETS, || {
                format!("{count} packets")
            });
            let filled: u64 = sizes.iter().map(|size| base64_length(*size)).sum();
            let length = text.len() as u64 - sizes.len() as u64 + filled;
            let first = parts
                .iter()
                .skip(1)
                .take_while(|part| **part == Part::Attachment)
                .count()
                + 1;
            broken.ensure(
                "a POST is not larger than the server takes",
                length <= plan.habits.max_payload || count <= first,
                || format!("{length} bytes, {count} packets: {text:?}"),
            );
        }
        let request = Request {
            sid,
            begun: now,
            posts,
            leaves: leaves || is_left,
        };
        self.requests.insert(req, request);
        words
    }

    /// The client leaves the session it has. When a handshake or a POST is under way it says so later.
    pub fn leaves_behind(&mut self) {
        let mut left = false;
        for request in self.requests.values_mut() {
            if !request.leaves && request.sid.is_none() {
                (request.leaves, left) = (true, true);
            }
        }
        let mut requests = self.requests.values();
        let post = requests.find(|request| request.posts && !request.leaves);
        if let Some(sid) = post.and_then(|request| request.sid.clone()) {
            for request in self.requests.values_mut() {
                request.leaves |= request.sid.as_ref() == Some(&sid);
            }
            self.left.insert(sid);
            left = true;
        }
        if left {
            self.session_ends();
            self.attempts.let_go();
        }
    }

    pub fn aborts(&mut self, req: u32) {
        if self
            .requests
            .remove(&req)
            .is_some_and(|request| !request.posts && !request.leaves)
        {
            self.session_ends();
            self.attempts.let_go();
        }
    }
}
