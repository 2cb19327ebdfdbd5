//! Stories of the client, told step by step: what a user would see, and when.

mod auth;
mod drain;
mod edges;
mod ends;
mod freshness;
mod jobs;
mod reads;
mod sessions;
mod stories;
mod users;
