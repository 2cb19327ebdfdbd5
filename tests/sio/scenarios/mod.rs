//! Stories, each told step by step.

mod auth;
mod blocked;
mod drain;
mod ends;
mod findings;
mod heartbeat;
mod kick;
mod leaving;
mod old_server;
mod probe;
mod python;
mod recovery;
mod requests;
mod unanswered;
mod users;
